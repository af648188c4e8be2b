//! Serving, and the graceful stop: stop listening, complete the requests in flight, close the idle
//! connections.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::select_all;
use futures_util::stream::StreamExt;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use signal_hook::consts::SIGUSR1;
use signal_hook_tokio::Signals;
use socket2::{SockFilter, SockRef};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;

use super::{Boot, stream};

/// A BPF program that drops a segment with SYN set and keeps every other one: `ldb [13]; jset #2,
/// 0, 1; ret #0; ret #-1`.
const NO_NEW: [SockFilter; 4] = [
    SockFilter::new(0x30, 0, 0, 13),
    SockFilter::new(0x45, 0, 1, 0x02),
    SockFilter::new(0x06, 0, 0, 0),
    SockFilter::new(0x06, 0, 0, u32::MAX),
];

/// Longer than any request of the tests.
const GRACE: Duration = Duration::from_secs(30);

/// After this time the app does not wait for connections without a request.
const FIRST: Duration = Duration::from_secs(1);

pub async fn until_asked_to_stop(
    boot: &'static Boot,
    addresses: &[SocketAddr],
    signals: &mut Signals,
) -> io::Result<i32> {
    let mut listeners = Vec::new();
    for address in addresses {
        listeners.push(TcpListener::bind(address).await?);
    }
    boot.note("warm");
    let (stop, stopping) = watch::channel(());
    let (in_flight, mut all_done) = mpsc::channel::<Infallible>(1);
    let serve = |stream| {
        let (stopping, in_flight) = (stopping.clone(), in_flight.clone());
        tokio::spawn(async move {
            serve(boot, stream, stopping).await;
            drop(in_flight);
        });
    };
    let signal = accept_until_signal(&listeners, signals, &serve).await;
    if signal == SIGUSR1 {
        return Ok(signal);
    }
    for listener in listeners {
        stop_listening(listener, &serve)?;
    }
    boot.note("stop");
    stop.send_replace(());
    drop(in_flight);
    timeout(GRACE, all_done.recv()).await.ok();
    Ok(signal)
}

pub async fn next(signals: &mut Signals) -> i32 {
    signals.next().await.unwrap_or_default()
}

async fn accept_until_signal(
    listeners: &[TcpListener],
    signals: &mut Signals,
    serve: &impl Fn(TcpStream),
) -> i32 {
    loop {
        let accepts = listeners.iter().map(|listener| Box::pin(listener.accept()));
        tokio::select! {
            signal = next(signals) => return signal,
            (accepted, _, _) = select_all(accepts) => match accepted {
                Ok((stream, _)) => serve(stream),
                Err(error) => eprintln!("accept: {error}"),
            },
        }
    }
}

/// Resets no connection in the queue: the kernel has accepted it, and it would end with the socket.
/// A handshake that is half complete at this moment is still lost.
fn stop_listening(listener: TcpListener, serve: &impl Fn(TcpStream)) -> io::Result<()> {
    // Otherwise new connections would join the queue while it empties. They come again a second
    // later.
    SockRef::from(&listener).attach_filter(&NO_NEW)?;
    // Not through tokio, which would return the queue as of its last look.
    let queue = listener.into_std()?;
    loop {
        let stream = match queue.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nonblocking(true)?;
        serve(TcpStream::from_std(stream)?);
    }
}

async fn serve(boot: &'static Boot, stream: TcpStream, mut stopping: watch::Receiver<()>) {
    stream.set_nodelay(true).ok();
    let asked = Notify::new();
    let service = service_fn(|request| {
        asked.notify_one();
        answer(boot, request)
    });
    let mut http = http1::Builder::new();
    let io = TokioIo::new(stream);
    let connection = http.timer(TokioTimer::new()).serve_connection(io, service);
    let mut connection = pin!(connection.with_upgrades());
    tokio::select! {
        _ = &mut connection => return,
        _ = stopping.changed() => {}
    }
    // hyper closes a connection without a byte read, although the request may be there.
    tokio::select! {
        _ = &mut connection => return,
        _ = timeout(FIRST, asked.notified()) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await.ok();
}

async fn answer(
    boot: &Boot,
    mut request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let path = request.uri().path().to_owned();
    let pause = request.uri().query().and_then(milliseconds);
    let mut response = Response::new(Full::default());
    let served_by = HeaderValue::from_str(&boot.served_by()).expect("plain words");
    response.headers_mut().insert("x-served-by", served_by);
    // Before the whole request was read, the client would see a broken pipe.
    let fails = path != "/healthz" && boot.fails(&path);
    let text = match (request.method(), path.as_str()) {
        (&Method::POST, _) => {
            tokio::time::sleep(boot.pause()).await;
            let body = request.into_body().collect().await?.to_bytes();
            format!("{} bytes\n", body.len())
        }
        (_, "/stream") => return Ok(stream::begin(&mut request, pause.unwrap_or_default())),
        (_, "/healthz") if boot.is_sick() => {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            "sick\n".to_owned()
        }
        (_, "/healthz") => {
            boot.note_healthy();
            "healthy\n".to_owned()
        }
        _ => {
            if path == "/slow" {
                boot.note("asked");
            }
            tokio::time::sleep(pause.unwrap_or_else(|| boot.pause())).await;
            format!("{} {}\n", boot.name, boot.id)
        }
    };
    if fails {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    *response.body_mut() = Full::new(Bytes::from(text));
    Ok(response)
}

/// `ms=300`
fn milliseconds(query: &str) -> Option<Duration> {
    let (_, millis) = query.split_once("ms=")?;
    let millis = millis.parse().ok()?;
    Some(Duration::from_millis(millis))
}
