//! A connection that becomes a stream, as a web socket does: `/stream?ms=5000` is silent until its
//! last word, `/stream?busy&ms=5000` sends all the time.

use std::io;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue, UPGRADE};
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, sleep_until};

const PAUSE: Duration = Duration::from_millis(100);

/// Answers 101, and sends from then on.
pub fn begin(request: &mut Request<Incoming>, length: Duration) -> Response<Full<Bytes>> {
    let busy = request
        .uri()
        .query()
        .is_some_and(|query| query.contains("busy"));
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        if let Err(error) = speak(upgrade, length, busy).await {
            eprintln!("stream: {error}");
        }
    });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("stream"));
    response
}

async fn speak(upgrade: OnUpgrade, length: Duration, busy: bool) -> io::Result<()> {
    let mut stream = TokioIo::new(upgrade.await.map_err(io::Error::other)?);
    let end = Instant::now() + length;
    while busy && Instant::now() < end {
        stream.write_all(b"tick\n").await?;
        sleep(PAUSE).await;
    }
    sleep_until(end).await;
    stream.write_all(b"the end\n").await?;
    stream.shutdown().await
}
