//! What a look asks of etcd, with a server that counts the requests.

use super::*;
use crate::lock::{Endpoint, TlsFiles};
use crate::restart::WhenAway;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const HOSTS: usize = 40;

/// The paths that it was asked for.
type Asked = Arc<Mutex<Vec<String>>>;

/// A server with as many hosts in its queue.
async fn etcd() -> (LockSettings, Asked) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let asked = Asked::default();
    let paths = asked.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = server.accept().await {
            answer(stream, &paths).await;
        }
    });
    let member: Endpoint = format!("http://127.0.0.1:{port}").parse().unwrap();
    let settings = LockSettings {
        engine: Engine::Etcd(vec![member]),
        group: "web".to_owned(),
        slots: 1,
        ttl: Duration::from_secs(60),
        when_away: WhenAway::Refuse,
        host: None,
        tls: TlsFiles::default(),
    };
    (settings, asked)
}

/// The requests are short, so one read has all that matters: the path.
async fn answer(mut stream: TcpStream, paths: &Asked) {
    let mut request = vec![0; 4096];
    let length = stream.read(&mut request).await.unwrap();
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let body = match path.as_str() {
        "/v3/kv/range" => json!({"kvs": (0..HOSTS).map(key).collect::<Vec<_>>()}),
        _ => json!({"TTL": "7"}),
    };
    paths.lock().unwrap().push(path);
    let body = body.to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).await.unwrap();
}

fn key(number: usize) -> serde_json::Value {
    let name = STANDARD.encode(format!("/haproxy-gate/web/web{number}/web"));
    json!({"key": name, "value": "", "mod_revision": "1", "lease": "1"})
}

fn ends(seen: LockLook) -> Vec<Option<u64>> {
    match seen {
        LockLook::Queue(queue) => queue.iter().map(|place| place.ends_in).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_long_queue_takes_one_request() {
    let (settings, asked) = etcd().await;
    assert_eq!(ends(look(&settings).await), vec![None; HOSTS]);
    assert_eq!(*asked.lock().unwrap(), ["/v3/kv/range"]);
}

#[tokio::test]
async fn the_ends_take_one_more_for_each_operation() {
    let (settings, asked) = etcd().await;
    assert_eq!(ends(look_with_ends(&settings).await), vec![Some(7); HOSTS]);
    assert_eq!(asked.lock().unwrap().len(), 1 + HOSTS);
}
