//! Clients of the server: hyper's, which behaves well, and plain bytes on a socket.

use haproxy_gate::metrics::{Listener, MetricsAddress, serve};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::watch;

/// A server on a unix socket, with the numbers of one app.
pub struct Server {
    directory: tempfile::TempDir,
    pub apps: watch::Sender<Vec<haproxy_gate::metrics::AppView>>,
}

impl Server {
    pub fn start() -> Server {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.sock");
        let listener = Listener::bind(&MetricsAddress::Unix(path)).unwrap();
        let (apps, seen) = watch::channel(vec![super::view()]);
        tokio::spawn(serve(listener, directory.path().to_owned(), seen));
        Server { directory, apps }
    }

    pub fn state_dir(&self) -> &Path {
        self.directory.path()
    }

    pub fn socket(&self) -> PathBuf {
        self.state_dir().join("metrics.sock")
    }

    pub async fn connect(&self) -> UnixStream {
        UnixStream::connect(self.socket()).await.unwrap()
    }

    /// Sends the bytes, and returns everything until the connection ends in any way.
    pub async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    /// The text of a scrape.
    pub async fn scrape(&self) -> String {
        let (answer, text) = ask(self.connect().await, Method::GET, "/metrics").await;
        assert_eq!(answer.status(), 200);
        text
    }
}

/// One request through hyper, answered within the server's own limit. Returns the answer with its
/// text.
pub async fn ask<S>(stream: S, method: Method, path: &str) -> (Response<()>, String)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let asked = async {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path);
        let request = request.header("host", "localhost");
        let body = Full::new(Bytes::from_static(b"ignored"));
        let answer = sender
            .send_request(request.body(body).unwrap())
            .await
            .unwrap();
        let (head, body) = answer.into_parts();
        let text = body.collect().await.unwrap().to_bytes().to_vec();
        let text = String::from_utf8(text).unwrap();
        (Response::from_parts(head, ()), text)
    };
    let answered = tokio::time::timeout(Duration::from_secs(5), asked).await;
    answered.expect("answered within 5 s")
}
