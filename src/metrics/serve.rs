//! The HTTP server for Prometheus. A client gets one request within a few seconds, and no body is
//! read. So no client can block the sidecar, or the answers to others.

use super::listener::{Listener, Socket};
use super::{AppView, encode};
use crate::connections::Connections;
use crate::state::counters::Counters;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

/// The most connections at once.
const MOST: usize = 8;
/// The limit of one connection, from the request's head to the end of the answer.
const LIMIT: Duration = Duration::from_secs(5);
/// The largest head of a request, in bytes; Prometheus sends some 300.
const HEAD: usize = 16 * 1024;
/// The time until the next try if no connection can be accepted (out of file descriptors).
const PAUSE: Duration = Duration::from_secs(1);

const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Answers `GET /metrics` until it is dropped, with the last views in `apps` and the counters of
/// these apps in `state_dir`. It reads the counters anew for each answer.
pub async fn serve(listener: Listener, state_dir: PathBuf, apps: watch::Receiver<Vec<AppView>>) {
    let numbers = Numbers { state_dir, apps };
    let mut connections = Connections::new(MOST);
    loop {
        if let Err(error) = next(&mut connections, &listener.socket, &numbers).await {
            tracing::warn!(%error, "metrics: a connection can't be taken");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn next(connections: &mut Connections, socket: &Socket, numbers: &Numbers) -> io::Result<()> {
    let numbers = numbers.clone();
    match socket {
        Socket::Tcp(socket) => {
            let (stream, _) = socket.accept().await?;
            connections.add(converse(stream, numbers)).await;
        }
        Socket::Unix(socket) => {
            let (stream, _) = socket.accept().await?;
            connections.add(converse(stream, numbers)).await;
        }
    }
    Ok(())
}

/// One request and its answer.
async fn converse<S>(stream: S, numbers: Numbers)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| {
        let answer = numbers.answer(&request);
        async { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        // LIMIT covers the whole connection.
        .header_read_timeout(None)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(LIMIT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "metrics: a client broke off"),
        Err(_) => tracing::debug!("metrics: a client took too long"),
    }
}

/// The sources of the numbers.
#[derive(Clone)]
struct Numbers {
    state_dir: PathBuf,
    apps: watch::Receiver<Vec<AppView>>,
}

impl Numbers {
    /// Answers the request, and does not read its body.
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        match (request.uri().path(), request.method()) {
            ("/metrics", &Method::GET) => {
                let mut answer = Response::new(Full::from(self.encode()));
                answer.headers_mut().insert(CONTENT_TYPE, OPEN_METRICS);
                answer
            }
            ("/metrics", _) => {
                let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
                let get = HeaderValue::from_static("GET");
                answer.headers_mut().insert(ALLOW, get);
                answer
            }
            _ => plain(StatusCode::NOT_FOUND, "see /metrics\n"),
        }
    }

    fn encode(&self) -> String {
        let apps = self.apps.borrow();
        let counters = |view: &AppView| {
            let counters = Counters::read(&self.state_dir, &view.app);
            (view.app.clone(), counters)
        };
        let all: Vec<(String, Counters)> = apps.iter().map(counters).collect();
        encode(&apps, &all)
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(text));
    *answer.status_mut() = status;
    answer
}
