//! The server: its answers, and clients that cannot harm it.

use super::scrape::{Server, ask};
use super::{count, view};
use haproxy_gate::metrics::{HoldView, Listener, encode, serve};
use haproxy_gate::state::counters::Counters;
use haproxy_gate::state::hold::By;
use hyper::Method;
use lab::own_network::inside;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::watch;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A client has 5 s. What does not wait for that takes milliseconds.
const BEFORE_THE_LIMIT: Duration = Duration::from_secs(4);

#[tokio::test]
async fn a_scrape_over_tcp_has_status_and_counters() {
    if !inside("server::a_scrape_over_tcp_has_status_and_counters") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    count(directory.path());
    for address in ["127.0.0.1:9127", "[::1]:9127"] {
        let listener = Listener::bind(&address.parse().unwrap()).unwrap();
        let (_apps, seen) = watch::channel(vec![view()]);
        let serving = tokio::spawn(serve(listener, directory.path().to_owned(), seen));
        let stream = TcpStream::connect(address).await.unwrap();
        let (answer, text) = ask(stream, Method::GET, "/metrics").await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], CONTENT_TYPE);
        let counters = Counters::read(directory.path(), "web");
        assert_eq!(text, encode(&[view()], &[("web".to_owned(), counters)]));
        serving.abort();
        assert!(serving.await.unwrap_err().is_cancelled());
        assert!(TcpStream::connect(address).await.is_err(), "{address}");
    }
}

#[tokio::test]
async fn each_scrape_over_a_unix_socket_looks_again() {
    let server = Server::start();
    let repairs = |text: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with("haproxy_gate_rule_repairs_total"));
        line.unwrap().to_owned()
    };
    let text = server.scrape().await;
    assert!(
        text.contains("\nhaproxy_gate_held{app=\"web\"} 0\n"),
        "{text}"
    );
    assert_eq!(
        repairs(&text),
        "haproxy_gate_rule_repairs_total{app=\"web\"} 0"
    );
    // A number that another process has counted.
    count(server.state_dir());
    let hold = HoldView {
        by: By::Operator,
        failed: None,
    };
    server.apps.send_modify(|apps| apps[0].hold = Some(hold));
    let text = server.scrape().await;
    assert!(
        text.contains("\nhaproxy_gate_held{app=\"web\"} 1\n"),
        "{text}"
    );
    assert_eq!(
        repairs(&text),
        "haproxy_gate_rule_repairs_total{app=\"web\"} 1"
    );
    std::fs::write(server.state_dir().join("web.counters"), "{\"rep").unwrap();
    assert_eq!(
        repairs(&server.scrape().await),
        "haproxy_gate_rule_repairs_total{app=\"web\"} 0"
    );
}

#[tokio::test]
async fn only_get_metrics_is_answered() {
    let server = Server::start();
    let status = async |method, path| {
        let (answer, text) = ask(server.connect().await, method, path).await;
        (answer.status().as_u16(), text)
    };
    assert_eq!(status(Method::GET, "/metrics?x=1").await.0, 200);
    assert_eq!(
        status(Method::GET, "/").await,
        (404, "see /metrics\n".to_owned())
    );
    assert_eq!(status(Method::POST, "/other").await.0, 404);
    for method in [Method::POST, Method::PUT, Method::HEAD, Method::OPTIONS] {
        let (answer, _) = ask(server.connect().await, method, "/metrics").await;
        assert_eq!(answer.status(), 405);
        assert_eq!(answer.headers()["allow"], "GET");
    }
}

#[tokio::test]
async fn a_connection_serves_one_request_and_no_body_is_read() {
    let server = Server::start();
    let twice = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n".repeat(2);
    let answer = server.say(&twice).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK\r\n").count(), 1, "{answer}");
    assert!(
        answer.contains("connection: close\r\n") && answer.ends_with("# EOF\n"),
        "{answer}"
    );
    // The header announces a large body, which never comes.
    let promised = b"POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n";
    let began = Instant::now();
    let answer = server.say(promised).await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert!(began.elapsed() < BEFORE_THE_LIMIT, "{:?}", began.elapsed());
}

#[tokio::test]
async fn nonsense_ends_its_own_connection_only() {
    let server = Server::start();
    assert!(
        server
            .say(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400 ")
    );
    let mut endless = b"GET /metrics HTTP/1.1\r\nx: ".to_vec();
    endless.resize(1024 * 1024, b'a');
    assert!(server.say(&endless).await.starts_with("HTTP/1.1 431 "));
    for _ in 0..50 {
        drop(server.connect().await);
        let mut gone = server.connect().await;
        gone.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
    }
    assert!(server.scrape().await.ends_with("# EOF\n"));
}

#[tokio::test]
async fn silent_clients_delay_no_answer() {
    let server = Server::start();
    let mut silent: Vec<UnixStream> = Vec::new();
    for _ in 0..20 {
        silent.push(server.connect().await);
    }
    let began = Instant::now();
    assert!(server.scrape().await.ends_with("# EOF\n"));
    assert!(began.elapsed() < BEFORE_THE_LIMIT, "{:?}", began.elapsed());
    // The server keeps at most 8 connections: the scrape closed the 13 oldest.
    let mut left = 0;
    for stream in &mut silent {
        let end = tokio::time::timeout(Duration::from_millis(10), stream.read(&mut [0; 1])).await;
        left += usize::from(end.is_err());
    }
    assert_eq!(left, 7);
}

#[tokio::test]
async fn a_slow_client_is_disconnected() {
    let server = Server::start();
    let mut silent = server.connect().await;
    let mut dripping = server.connect().await;
    let began = Instant::now();
    let drips = async {
        // One byte at a time, without end.
        while dripping.write_all(b"G").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        began.elapsed()
    };
    let silence = async {
        assert_eq!(silent.read(&mut [0; 1]).await.unwrap(), 0);
        began.elapsed()
    };
    for took in <[Duration; 2]>::from(tokio::join!(drips, silence)) {
        let limit = Duration::from_millis(4900)..Duration::from_secs(12);
        assert!(limit.contains(&took), "{took:?}");
    }
}
