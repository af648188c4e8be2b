//! Why a handshake failed, in an operator's words.

use std::io;
use std::time::{Duration, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error, InvalidMessage};
use tokio_rustls::rustls;

use super::verify::Verify;

pub(crate) fn of(error: &io::Error, verify: &Verify) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(Error::InvalidCertificate(error)) => certificate(error, verify),
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "no TLS: the app answers in plain text on this port".to_owned()
        }
        Some(Error::AlertReceived(alert)) => {
            format!("the app refuses the TLS handshake: {alert:?}")
        }
        Some(Error::PeerIncompatible(why)) => {
            format!("no version or cipher of TLS in common with the app: {why:?}")
        }
        Some(other) => format!("TLS handshake failed: {other}"),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "TLS handshake failed: closed by the app, which may speak no TLS on this port"
                .to_owned()
        }
        None => format!("TLS handshake failed: {}", crate::text::plain(error)),
    }
}

fn certificate(error: &CertificateError, verify: &Verify) -> String {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the app's certificate expired at {}", date(*not_after))
        }
        CertificateError::Expired => "the app's certificate has expired".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!(
                "the app's certificate is valid from {} on",
                date(*not_before)
            )
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let name = expected.to_str();
            match presented.as_slice() {
                [] => format!(
                    "the app's certificate is not for {name}: it has no subjectAltName (CN does not count)"
                ),
                names => format!(
                    "the app's certificate is not for {name}, but for {}: fix `host` in `health`",
                    names.join(", ")
                ),
            }
        }
        CertificateError::UnknownIssuer => format!("{}: name its CA as `ca`", unknown(verify)),
        // A CA that was made anew has such a certificate.
        CertificateError::BadSignature => {
            format!("{} (one has its name, but another key)", unknown(verify))
        }
        // rustls knows no variant for it.
        CertificateError::Other(why) if why.to_string().contains("CaUsedAsEndEntity") => {
            format!("{}: it is self-signed, so name it as `ca`", unknown(verify))
        }
        other => format!("the app's certificate is not valid: {other}"),
    }
}

fn unknown(verify: &Verify) -> String {
    match verify {
        Verify::File(path) => format!(
            "the app's certificate is signed by no CA of {}",
            path.display()
        ),
        Verify::System | Verify::Nothing => {
            "the app's certificate is signed by no CA that the system trusts".to_owned()
        }
    }
}

fn date(time: UnixTime) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(time.as_secs());
    humantime::format_rfc3339_seconds(time).to_string()
}
