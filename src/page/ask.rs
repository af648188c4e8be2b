//! Asks a server of the page for it, as a user does.

use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

use super::content::LIMIT;

/// The status and the text of its page.
///
/// # Errors
///
/// The reason in one line.
pub(super) async fn get(address: SocketAddr, limit: Duration) -> Result<(u16, Bytes), String> {
    match tokio::time::timeout(limit, ask(address)).await {
        Ok(answer) => answer.map_err(|error| format!("no answer to GET /: {error}")),
        Err(_) => Err(format!("no answer to GET / within {limit:?}")),
    }
}

async fn ask(
    address: SocketAddr,
) -> Result<(u16, Bytes), Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get("/")
        .header(HOST, address.to_string())
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), LIMIT).collect().await;
    connection.abort();
    Ok((status, body?.to_bytes()))
}
