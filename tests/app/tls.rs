//! Health probes of apps that speak TLS, or want a PROXY header, or should and do not.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use haproxy_gate::app::{Health, HealthCheck, Proxy, Verify};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, rustls};

use crate::AT;

const NAME: &str = "shop.example";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn https(host: Option<&str>, verify: Verify) -> Health {
    let check = HealthCheck::Http {
        path: "/healthz".to_owned(),
        status: Some(200),
        host: host.map(str::to_owned),
        tls: Some(verify),
        proxy: None,
    };
    Health {
        check,
        times: 1,
        timeout: Duration::from_secs(10),
    }
}

fn introduced(mut health: Health, version: Proxy) -> Health {
    if let HealthCheck::Http { proxy, .. } = &mut health.check {
        *proxy = Some(version);
    }
    health
}

/// A certificate with its key, and the file that verifies it.
struct Identity {
    der: CertificateDer<'static>,
    key: KeyPair,
    ca: PathBuf,
    _dir: TempDir,
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

/// Issued by a CA of its own.
fn issued(change: impl FnOnce(&mut CertificateParams)) -> Identity {
    issued_by("our CA", change)
}

fn issued_by(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let mut ca = params(&[]);
    ca.distinguished_name.push(DnType::CommonName, name);
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let (mut app, key) = (params(&[NAME, "10.77.0.1"]), KeyPair::generate().unwrap());
    change(&mut app);
    let der = app.signed_by(&key, &ca).unwrap().der().clone();
    identity(der, key, &ca.pem())
}

/// Self-signed, as a CA or not.
fn self_signed(is_ca: IsCa, change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let (mut app, key) = (params(&[NAME]), KeyPair::generate().unwrap());
    app.is_ca = is_ca;
    change(&mut app);
    let certificate = app.self_signed(&key).unwrap();
    identity(certificate.der().clone(), key, &certificate.pem())
}

fn identity(der: CertificateDer<'static>, key: KeyPair, pem: &str) -> Identity {
    let dir = TempDir::new().unwrap();
    let ca = dir.path().join("ca.pem");
    fs::write(&ca, pem).unwrap();
    Identity {
        der,
        key,
        ca,
        _dir: dir,
    }
}

impl Identity {
    fn verify(&self) -> Verify {
        Verify::File(self.ca.clone())
    }

    fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key);
        let mut config = config.unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

/// What the app read before its answer, without handshakes.
type Heard = Arc<Mutex<Vec<String>>>;

/// An app with that certificate, which expects a PROXY header of that many bytes.
async fn app(identity: &Identity, header: usize) -> (SocketAddr, Heard) {
    let acceptor = identity.acceptor();
    let heard = Heard::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (acceptor, seen) = (acceptor.clone(), seen.clone());
            tokio::spawn(async move {
                let before = introduction(&mut stream, header).await;
                seen.lock().unwrap().push(before);
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let session = stream.get_ref().1;
                let name = session.server_name().unwrap_or("no name").to_owned();
                let protocol = session.alpn_protocol().unwrap_or_default().to_vec();
                let protocol = String::from_utf8(protocol).unwrap();
                seen.lock().unwrap().push(format!("{name} {protocol}"));
                answer(stream, &seen).await;
            });
        }
    });
    (address, heard)
}

/// Reads `bytes` bytes, or a line.
async fn introduction(stream: &mut TcpStream, bytes: usize) -> String {
    let mut read = Vec::new();
    while read.len() < bytes && !read.ends_with(b"T\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            break;
        };
        read.push(byte);
        if read.starts_with(b"PROXY ") && read.ends_with(b"\r\n") {
            break;
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, seen: &Heard) {
    let mut request = vec![0; 4096];
    let read = stream.read(&mut request).await.unwrap_or(0);
    let request = String::from_utf8_lossy(&request[..read]).into_owned();
    seen.lock().unwrap().push(request);
    let _ = stream.write_all(ANSWER).await;
    let _ = stream.shutdown().await;
}

async fn said(identity: &Identity, host: Option<&str>, verify: Verify) -> Result<(), String> {
    let (address, _) = app(identity, 0).await;
    https(host, verify).probe(address, AT).await
}

#[tokio::test]
async fn a_certificate_of_the_ca_passes() {
    let identity = issued(|_| {});
    let (address, heard) = app(&identity, 0).await;
    let probed = https(Some("shop.example:8443"), identity.verify());
    assert_eq!(probed.probe(address, AT).await, Ok(()));
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard[..2], ["", "shop.example http/1.1"]);
    assert!(
        heard[2].contains("host: shop.example:8443\r\n"),
        "{heard:?}"
    );
    // By address: the handshake has no server name.
    let by_address = said(&identity, Some("10.77.0.1"), identity.verify()).await;
    assert_eq!(by_address, Ok(()));
}

/// `openssl req -x509` makes each certificate a CA. rustls does not accept a CA as an app's
/// certificate.
#[tokio::test]
async fn a_self_signed_certificate_passes_as_its_own_ca() {
    let unconstrained = IsCa::Ca(BasicConstraints::Unconstrained);
    for is_ca in [unconstrained, IsCa::NoCa] {
        let identity = self_signed(is_ca, |_| {});
        assert_eq!(said(&identity, Some(NAME), identity.verify()).await, Ok(()));
        let other = said(&identity, Some("other.example"), identity.verify()).await;
        let why = other.unwrap_err();
        assert!(why.contains("not for other.example, but for"), "{why}");
        let expired = self_signed(is_ca, |app| app.not_after = date_time_ymd(2020, 1, 2));
        let why = said(&expired, Some(NAME), expired.verify())
            .await
            .unwrap_err();
        assert_eq!(why, "the app's certificate expired at 2020-01-02T00:00:00Z");
    }
    // Another certificate with the same name does not match, and the system knows neither.
    let [mine, other] = [0, 1].map(|_| self_signed(unconstrained, |_| {}));
    for verify in [other.verify(), Verify::System] {
        let why = said(&mine, Some(NAME), verify).await.unwrap_err();
        assert!(
            why.ends_with(": it is self-signed, so name it as `ca`"),
            "{why}"
        );
    }
}

#[tokio::test]
async fn the_fault_of_a_certificate_is_named() {
    let (good, again) = (issued(|_| {}), issued(|_| {}));
    let other = issued_by("another CA", |_| {});
    let expired = issued(|app| app.not_after = date_time_ymd(2020, 1, 2));
    let early = issued(|app| app.not_before = date_time_ymd(2970, 1, 2));
    let nameless = issued(|app| app.subject_alt_names.clear());
    let [other_ca, again_ca] = [&other, &again].map(|identity| identity.ca.display());
    for (identity, host, verify, why) in [
        (
            &expired,
            NAME,
            expired.verify(),
            "the app's certificate expired at 2020-01-02T00:00:00Z".to_owned(),
        ),
        (
            &early,
            NAME,
            early.verify(),
            "the app's certificate is valid from 2970-01-02T00:00:00Z on".to_owned(),
        ),
        (
            &good,
            "x.example",
            good.verify(),
            "the app's certificate is not for x.example, but for DnsName(\"shop.example\")"
                .to_owned(),
        ),
        (
            &nameless,
            NAME,
            nameless.verify(),
            "it has no subjectAltName (CN does not count)".to_owned(),
        ),
        (
            &good,
            NAME,
            other.verify(),
            format!("the app's certificate is signed by no CA of {other_ca}"),
        ),
        (
            &good,
            NAME,
            again.verify(),
            format!("by no CA of {again_ca} (one has its name, but another key)"),
        ),
        (
            &good,
            NAME,
            Verify::System,
            "by no CA that the system trusts: name its CA as `ca`".to_owned(),
        ),
    ] {
        let error = said(identity, Some(host), verify).await.unwrap_err();
        assert!(error.contains(&why), "{error}, and not {why}");
    }
}

#[tokio::test]
async fn without_verification_any_certificate_passes() {
    let expired = self_signed(IsCa::NoCa, |app| app.not_after = date_time_ymd(2020, 1, 2));
    let (address, heard) = app(&expired, 0).await;
    for (host, named) in [
        (None, "no name http/1.1"),
        (Some(NAME), "shop.example http/1.1"),
    ] {
        assert_eq!(
            https(host, Verify::Nothing).probe(address, AT).await,
            Ok(())
        );
        let heard: Vec<String> = heard.lock().unwrap().drain(..).collect();
        assert_eq!(heard[1], named);
    }
}

/// A server that answers `bytes` and closes.
async fn says(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

#[tokio::test]
async fn an_app_that_speaks_no_tls_is_named() {
    // The alert of a server that has no certificate for the name.
    let unrecognised: &[u8] = &[21, 3, 3, 0, 2, 2, 112];
    for (answer, why) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            "no TLS: the app answers in plain text on this port",
        ),
        (
            b"",
            "TLS handshake failed: closed by the app, which may speak no TLS on this port",
        ),
        (
            unrecognised,
            "the app refuses the TLS handshake: UnrecognisedName",
        ),
    ] {
        let probed = https(Some(NAME), Verify::Nothing)
            .probe(says(answer).await, AT)
            .await;
        assert_eq!(probed, Err(why.to_owned()));
    }
}

#[tokio::test]
async fn a_handshake_without_end_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut health = https(Some(NAME), Verify::Nothing);
    health.timeout = Duration::from_millis(200);
    let probed = health.probe(listener.local_addr().unwrap(), AT).await;
    assert_eq!(probed, Err("no TLS handshake within 200ms".to_owned()));
}

/// The agent reads a changed file again, and names what is wrong with it.
#[tokio::test]
async fn a_changed_ca_file_is_read_again() {
    let (old, new) = (issued(|_| {}), issued(|_| {}));
    let (address, _) = app(&new, 0).await;
    let health = https(Some(NAME), old.verify());
    assert!(
        health
            .probe(address, AT)
            .await
            .unwrap_err()
            .contains("by no CA of")
    );
    let written = |text: &[u8]| fs::write(&old.ca, text).unwrap();
    written(&fs::read(&new.ca).unwrap());
    assert_eq!(health.probe(address, AT).await, Ok(()));
    let shown = old.ca.display();
    written(b"nothing\n");
    let none = format!("{shown}: no certificate in it (PEM, BEGIN CERTIFICATE)");
    assert_eq!(health.probe(address, AT).await, Err(none.clone()));
    assert_eq!(health.check(), Err(format!("health: {none}")));
    fs::remove_file(&old.ca).unwrap();
    let gone = format!("{shown}: no such file or directory");
    assert_eq!(health.probe(address, AT).await, Err(gone));
    writable_by_others(&new.ca);
    let why = https(Some(NAME), new.verify()).check().unwrap_err();
    assert!(
        why.contains("is writable by users other than root (mode 0666)"),
        "{why}"
    );
}

fn writable_by_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
}

#[tokio::test]
async fn a_proxy_header_comes_first() {
    let identity = issued(|_| {});
    let (address, heard) = app(&identity, 100).await;
    let text = introduced(https(Some(NAME), identity.verify()), Proxy::V1);
    assert_eq!(text.probe(address, AT).await, Ok(()));
    let line = heard.lock().unwrap()[0].clone();
    let port = address.port();
    assert!(
        line.starts_with("PROXY TCP4 127.0.0.1 127.0.0.1 "),
        "{line:?}"
    );
    assert!(line.ends_with(&format!(" {port}\r\n")), "{line:?}");

    let (address, heard) = app(&identity, 16).await;
    let binary = introduced(https(Some(NAME), identity.verify()), Proxy::V2);
    assert_eq!(binary.probe(address, AT).await, Ok(()));
    assert_eq!(heard.lock().unwrap()[0], "\r\n\r\n\0\r\nQUIT\n \0\0\0");
}
