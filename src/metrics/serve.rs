//! The HTTP server that Prometheus asks. Little is promised to a client: one request, a few
//! seconds, no body. So none of them can keep the sidecar from its work, or Prometheus from
//! its answer.

use super::listener::{Listener, Socket};
use super::{AppView, encode};
use crate::state::counters::Counters;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// Connections at once.
const MOST: usize = 8;
/// For all of one connection: its request's head, and its answer.
const LIMIT: Duration = Duration::from_secs(5);
/// The largest head of a request, in bytes; Prometheus sends some 300.
const HEAD: usize = 16 * 1024;
/// When no connection can be taken (out of file descriptors), until the next attempt.
const PAUSE: Duration = Duration::from_secs(1);

const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Answers `GET /metrics`, until it is dropped: with what was last sent to `apps`, and the
/// counters of these apps in `state_dir`, read anew for each answer.
pub async fn serve(listener: Listener, state_dir: PathBuf, apps: watch::Receiver<Vec<AppView>>) {
    let numbers = Numbers { state_dir, apps };
    let mut connections = Connections::default();
    loop {
        if let Err(error) = connections.next(&listener.socket, &numbers).await {
            tracing::warn!(%error, "metrics: a connection can't be taken");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Those being answered; dropped with them.
#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    /// The same, in the order they came.
    order: VecDeque<AbortHandle>,
}

impl Connections {
    async fn next(&mut self, socket: &Socket, numbers: &Numbers) -> io::Result<()> {
        match socket {
            Socket::Tcp(socket) => self.take(socket.accept().await?.0, numbers.clone()).await,
            Socket::Unix(socket) => self.take(socket.accept().await?.0, numbers.clone()).await,
        }
        Ok(())
    }

    /// One more. Where there are too many the oldest goes: whoever asks at once is answered
    /// at once, however many others came only to be silent.
    async fn take<S>(&mut self, stream: S, numbers: Numbers)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        while self.tasks.try_join_next().is_some() {}
        self.order.retain(|task| !task.is_finished());
        while self.order.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            oldest.abort();
            // Until it has really let go of its file descriptor.
            self.tasks.join_next().await;
        }
        self.order
            .push_back(self.tasks.spawn(converse(stream, numbers)));
    }
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
        // All of the conversation has a limit.
        .header_read_timeout(None)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(LIMIT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "metrics: a client broke off"),
        Err(_) => tracing::debug!("metrics: a client took too long"),
    }
}

/// Where the numbers are.
#[derive(Clone)]
struct Numbers {
    state_dir: PathBuf,
    apps: watch::Receiver<Vec<AppView>>,
}

impl Numbers {
    /// The request's body is left unread.
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
