//! The HTTP server of the page. Each connection may ask again and again. A slow or silent client
//! blocks no other one.

use super::answer::{Asked, answer, response, retry_after};
use super::health::HealthAnswer;
use crate::clock::since_1970;
use crate::config::AppSettings;
use crate::connections::Connections;
use crate::state::hold;
use futures_util::FutureExt;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{ACCEPT, EXPECT};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::Poll;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// The most connections at once. HAProxy has as many as requests are under way.
const MOST: usize = 512;
/// The limit of a request's head, and how long a connection may be silent.
const SILENT: Duration = Duration::from_secs(15);
/// The largest head of a request, in bytes. HAProxy itself takes 16 KiB.
const HEAD: usize = 32 * 1024;
/// How long a client may take no byte of an answer, in milliseconds.
const STALLED: u32 = 15_000;
/// How long the body of a request is read. It has no effect.
const DISCARDED: Duration = Duration::from_secs(10);
/// How long requests under way may take after the server was asked to stop.
const GRACE: Duration = Duration::from_secs(5);
/// The time until the next try if no connection can be accepted (out of file descriptors).
const PAUSE: Duration = Duration::from_millis(100);

/// What is served. The page may be replaced at any time.
#[derive(Debug)]
pub struct Site {
    page: RwLock<Bytes>,
    health: Option<HealthAnswer>,
    retry_after: Duration,
    hold_dir: PathBuf,
    app: String,
}

impl Site {
    /// The page of this app. `hold_dir` has the record of its maintenance.
    pub fn new(app: &AppSettings, retry_after: Duration, hold_dir: PathBuf, page: String) -> Site {
        Site {
            page: RwLock::new(page.into()),
            health: HealthAnswer::of(&app.health),
            retry_after,
            hold_dir,
            app: app.name.clone(),
        }
    }

    /// Serves this page from now on.
    pub fn replace(&self, page: String) {
        *self.page.write().unwrap_or_else(PoisonError::into_inner) = page.into();
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let accept = request.headers().get_all(ACCEPT);
        let accept: Vec<&str> = accept.iter().filter_map(|it| it.to_str().ok()).collect();
        let asked = Asked {
            path: request.uri().path(),
            accept: &accept.join(","),
        };
        let page = self.page.read().unwrap_or_else(PoisonError::into_inner);
        response(
            answer(asked, self.health.as_ref()),
            &page,
            self.retry_after(),
        )
    }

    /// A record that can't be read has no end: the page is served in any case.
    fn retry_after(&self) -> u64 {
        let held = hold::find(&self.hold_dir, &self.app);
        let ends = held.and_then(|held| held.maintenance_ends());
        retry_after(self.retry_after, ends, since_1970().as_secs())
    }
}

/// Serves until `stop` ends. Then it ends the idle connections, and finishes the requests under way.
pub async fn serve(listeners: Vec<TcpListener>, site: &Arc<Site>, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let mut connections = Connections::new(MOST);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listeners) => accepted,
        };
        match accepted {
            Ok(stream) => connections.add(converse(stream, site, &graceful)).await,
            Err(error) => {
                tracing::warn!(%error, "a connection can't be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    // Clients that the kernel has accepted would meet a reset.
    while let Some(Ok(stream)) = accept(&listeners).now_or_never() {
        connections.add(converse(stream, site, &graceful)).await;
    }
    drop(listeners);
    if tokio::time::timeout(GRACE, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests were not finished within {GRACE:?}");
    }
}

async fn accept(listeners: &[TcpListener]) -> io::Result<TcpStream> {
    poll_fn(|context| {
        let mut accepted = listeners
            .iter()
            .map(|listener| listener.poll_accept(context));
        let ready = accepted.find_map(|polled| match polled {
            Poll::Ready(accepted) => Some(accepted),
            Poll::Pending => None,
        });
        match ready {
            Some(accepted) => Poll::Ready(accepted.map(|(stream, _)| stream)),
            None => Poll::Pending,
        }
    })
    .await
}

/// The requests of one connection, one after the other.
fn converse(
    stream: TcpStream,
    site: &Arc<Site>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    // Both only improve the connection.
    let _ = stream.set_nodelay(true);
    let _ = rustix::net::sockopt::set_tcp_user_timeout(&stream, STALLED);
    let site = Arc::clone(site);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = site.answer(&request);
        discard(request);
        async { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SILENT)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a client broke off");
        }
    }
}

/// Reads a body beside the answer. A connection that is closed with unread bytes would be reset, and
/// the client might lose the answer. A client that asks first whether it may send has sent none.
fn discard(request: Request<Incoming>) {
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return;
    }
    let mut body = request.into_body();
    let discarded = async move { while let Some(Ok(_)) = body.frame().await {} };
    tokio::spawn(tokio::time::timeout(DISCARDED, discarded));
}
