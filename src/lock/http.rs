//! One POST of JSON over one new connection.

use super::endpoint::Endpoint;
use super::files::TlsFiles;
use crate::app::tls_client;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The longest answer: a queue of thousands of hosts.
const LONGEST: usize = 4 * 1024 * 1024;

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Post {
    pub(super) path: &'static str,
    pub(super) header: Option<(&'static str, &'static str)>,
    pub(super) body: String,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Sends it within the limit. Err: no whole answer came, with the reason.
pub(super) async fn send(
    endpoint: &Endpoint,
    files: &TlsFiles,
    post: &Post,
    limit: Duration,
) -> Result<Answer, String> {
    let sent = timeout(limit, connect_and_send(endpoint, files, post)).await;
    let sent =
        sent.unwrap_or_else(|_| Err(format!("no answer within {:.1} s", limit.as_secs_f64())));
    sent.map_err(|why| format!("{endpoint}: {why}"))
}

async fn connect_and_send(
    endpoint: &Endpoint,
    files: &TlsFiles,
    post: &Post,
) -> Result<Answer, String> {
    let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await;
    let stream = stream.map_err(|error| crate::text::plain(&error))?;
    match endpoint.tls {
        false => exchange(stream, endpoint, post).await,
        true => {
            let connect = tls_client(files.ca.as_deref(), files.own(), &endpoint.host, stream);
            exchange(connect.await?, endpoint, post).await
        }
    }
}

async fn exchange<S>(stream: S, endpoint: &Endpoint, post: &Post) -> Result<Answer, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let text = |error: hyper::Error| match error.source() {
        Some(cause) => unanswered(&cause.to_string()),
        None => unanswered(&error.to_string()),
    };
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(text)?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request(endpoint, post)?).await;
    let answer = answer.map_err(text)?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), LONGEST).collect().await;
    connection.abort();
    let body = body.map_err(|error| format!("half an answer: {error}"))?;
    let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    Ok(Answer { status, body })
}

/// With TLS 1.3 a server refuses our certificate only after the handshake.
fn unanswered(why: &str) -> String {
    let about = ["BadCertificate", "CertificateRequired", "UnknownCA"];
    match about.iter().any(|alert| why.contains(alert)) {
        true => format!(
            "it refuses this host without a certificate that it trusts ({why}): set `cert` and `key`"
        ),
        false => format!("no HTTP answer: {why}"),
    }
}

fn request(endpoint: &Endpoint, post: &Post) -> Result<Request<Full<Bytes>>, String> {
    let mut request = Request::post(format!("{}{}", endpoint.base, post.path))
        .header(HOST, endpoint.authority())
        .header(
            USER_AGENT,
            concat!("haproxy-gate/", env!("CARGO_PKG_VERSION")),
        )
        .header(CONTENT_TYPE, "application/json")
        .header(CONNECTION, "close");
    if let Some((name, value)) = post.header {
        request = request.header(name, value);
    }
    let body = Full::new(Bytes::from(post.body.clone()));
    request.body(body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_lacks_is_named_at_run_time() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        let endpoint: Endpoint = format!("https://127.0.0.1:{port}").parse().unwrap();
        let post = Post {
            path: "/",
            header: None,
            body: String::new(),
        };
        let files = TlsFiles {
            ca: Some("/nonexistent/ca.pem".into()),
            own: None,
        };
        let sent = send(&endpoint, &files, &post, Duration::from_secs(5)).await;
        let wanted = format!("{endpoint}: /nonexistent/ca.pem: no such file or directory");
        assert_eq!(sent, Err(wanted));
    }
}
