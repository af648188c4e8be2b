//! TLS to a server that is no app of this host, with a certificate of our own if it asks for one.

use super::verifier;
use super::verify::Verify;
use super::{provider, roots};
use crate::state::permissions;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsConnector, rustls};

/// Does the handshake with the server of this name. `ca`: the file with its CA; None: the CAs that the
/// system trusts. `own`: the files of our certificate and its key.
pub(crate) async fn client(
    ca: Option<&Path>,
    own: Option<(&Path, &Path)>,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| format!("no certificate can have the name {host}"))?;
    let connector = TlsConnector::from(Arc::new(config(ca, own)?));
    let shaken = connector.connect(name, stream).await;
    shaken.map_err(|error| format!("TLS: {}", crate::text::plain(&error)))
}

fn config(ca: Option<&Path>, own: Option<(&Path, &Path)>) -> Result<ClientConfig, String> {
    let verify = ca.map_or(Verify::System, |ca| Verify::File(ca.to_owned()));
    let certificates = roots::read(&verify)?;
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates.iter().cloned());
    let provider = provider();
    let verifier = verifier::against(store, certificates, &provider)?;
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    match own {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let chain = chain(certificate)?;
            let signed = builder.with_client_auth_cert(chain, private_key(key)?);
            signed.map_err(|error| format!("{}: {error}", key.display()))
        }
    }
}

/// Reads the files of a configuration, to find a mistake before they are needed.
pub(crate) fn check_client(ca: Option<&Path>, own: Option<(&Path, &Path)>) -> Result<(), String> {
    config(ca, own).map(drop)
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    roots::read(&Verify::File(path.to_owned()))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let mut text = Vec::new();
    let read = permissions::open(path).and_then(|mut file| file.read_to_end(&mut text));
    read.map_err(|error| format!("{}: {}", path.display(), crate::text::plain(&error)))?;
    PrivateKeyDer::from_pem_slice(&text)
        .map_err(|error| format!("{}: no key in it (PEM): {error}", path.display()))
}
