//! One HTTP/1.1 request over one new connection: only the answer's status counts.

use std::net::SocketAddr;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// The request of a probe. An error is one of the configuration.
pub(super) fn request(
    address: SocketAddr,
    path: &str,
    host: Option<&str>,
) -> Result<Request<Empty<Bytes>>, String> {
    let target: Uri = path
        .parse()
        .map_err(|error| format!("bad path {path:?}: {error}"))?;
    if !path.starts_with('/') {
        return Err(format!("bad path {path:?}: it must begin with a slash"));
    }
    Request::get(target)
        .header(
            HOST,
            host.map_or_else(|| address.to_string(), str::to_owned),
        )
        .header(
            USER_AGENT,
            concat!("haproxy-gate/", env!("CARGO_PKG_VERSION")),
        )
        .header(CONNECTION, "close")
        .body(Empty::new())
        .map_err(|_| format!("bad host {:?}", host.unwrap_or_default()))
}

/// Returns the answer's status, and does not wait for the body, which may never end.
pub(super) async fn ask<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<u16, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| plainly(&error))?;
    let answer = sender.send_request(request);
    tokio::pin!(answer);
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The connection may end together with the answer, which is then still readable.
        _ = connection => answer.await,
    };
    answer
        .map(|answer| answer.status().as_u16())
        .map_err(|error| plainly(&error))
}

fn plainly(error: &hyper::Error) -> String {
    if error.is_parse() {
        return format!("not an HTTP answer: {error}");
    }
    match std::error::Error::source(error).and_then(|source| source.downcast_ref()) {
        Some(error) => crate::text::plain(error),
        None => format!("closed without an answer: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> SocketAddr {
        "[::1]:1000".parse().unwrap()
    }

    #[test]
    fn the_host_is_the_address_or_what_was_asked_for() {
        let host = |given| request(address(), "/up?deep=1", given).unwrap().headers()[HOST].clone();
        assert_eq!(host(None), "[::1]:1000");
        assert_eq!(host(Some("shop.example")), "shop.example");
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        for path in ["healthz", "", "http://other/", "/a b", "/\r\nX: y"] {
            assert!(request(address(), path, None).is_err(), "{path:?}");
        }
        assert!(request(address(), "/", Some("a\r\nX: y")).is_err());
    }
}
