//! TLS for the health probe of an app that accepts only TLS.

mod client;
mod reason;
mod roots;
mod verifier;
mod verify;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsConnector, rustls};

pub(crate) use client::{check_client, client};
pub use verify::Verify;

use roots::Stamp;

/// The name that a certificate is verified for: `host` without its port.
pub(crate) fn name(host: &str) -> &str {
    let bare = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() && !name.ends_with(':') => name,
        _ => host,
    };
    let inner = bare.strip_prefix('[').and_then(|ip| ip.strip_suffix(']'));
    match inner
        .or(Some(bare))
        .filter(|ip| ip.parse::<IpAddr>().is_ok())
    {
        Some(ip) => ip,
        // `::1` has no port.
        None if host.parse::<IpAddr>().is_ok() => host,
        None => bare,
    }
}

/// Whether a certificate can have this name.
pub(crate) fn is_name(host: &str) -> bool {
    ServerName::try_from(name(host)).is_ok()
}

/// Does the handshake. If the host is no name, it sends none.
pub(super) async fn connect(
    stream: TcpStream,
    host: Option<&str>,
    address: SocketAddr,
    verify: &Verify,
) -> Result<TlsStream<TcpStream>, String> {
    let given = host.and_then(|host| ServerName::try_from(name(host).to_owned()).ok());
    let name = given.unwrap_or_else(|| ServerName::IpAddress(address.ip().into()));
    let connector = TlsConnector::from(config(verify)?);
    let shaken = connector.connect(name, stream).await;
    shaken.map_err(|error| reason::of(&error, verify))
}

/// Uses the parts again while the file stays the same: a wait probes 30 times a second.
static MADE: Mutex<Vec<Made>> = Mutex::new(Vec::new());

struct Made {
    verify: Verify,
    stamp: Option<Stamp>,
    config: Arc<ClientConfig>,
}

fn config(verify: &Verify) -> Result<Arc<ClientConfig>, String> {
    let stamp = roots::stamp(verify)?;
    let mut made = MADE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(made) = made
        .iter()
        .find(|made| made.verify == *verify && made.stamp == stamp)
    {
        return Ok(made.config.clone());
    }
    let config = Arc::new(new(verify)?);
    made.retain(|made| made.verify != *verify);
    made.push(Made {
        verify: verify.clone(),
        stamp,
        config: config.clone(),
    });
    Ok(config)
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn new(verify: &Verify) -> Result<ClientConfig, String> {
    let provider = provider();
    let verifier = match verify {
        Verify::Nothing => verifier::nothing(&provider),
        Verify::System | Verify::File(_) => {
            let certificates = roots::read(verify)?;
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(certificates.iter().cloned());
            verifier::against(store, certificates, &provider)?
        }
    };
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = builder.with_no_client_auth();
    // A probe speaks only HTTP/1.1.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A resumed session shows no certificate, so it would hide an expired one.
    config.resumption = Resumption::disabled();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_names_a_certificate() {
        for (host, named) in [
            ("shop.example", "shop.example"),
            ("shop.example:8443", "shop.example"),
            ("10.0.0.1:8443", "10.0.0.1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::1", "::1"),
        ] {
            assert_eq!(name(host), named, "{host}");
            assert!(is_name(host), "{host}");
        }
        for host in ["a b", "*", "a..b", ":80"] {
            assert!(!is_name(host), "{host}");
        }
    }
}
