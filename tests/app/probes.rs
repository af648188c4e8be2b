//! Health probes of apps that answer well, badly, slowly, or not in HTTP at all.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use haproxy_gate::app::{Health, HealthCheck};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;

use crate::AT;

fn http(status: Option<u16>) -> Health {
    let check = HealthCheck::Http {
        path: "/healthz".to_owned(),
        status,
        host: None,
        tls: None,
        proxy: None,
    };
    Health {
        check,
        times: 1,
        timeout: PATIENT,
    }
}

fn tcp() -> Health {
    Health {
        timeout: PATIENT,
        ..Health::default()
    }
}

/// Longer than any answer takes.
const PATIENT: Duration = Duration::from_secs(10);

fn hurried(health: Health) -> Health {
    let timeout = Duration::from_millis(500);
    Health { timeout, ..health }
}

/// An app that reads the request, and then treats each connection in the same way.
async fn app<F, W>(answer: F) -> SocketAddr
where
    F: Fn(TcpStream, String) -> W + Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            tokio::spawn(answer(stream, request));
        }
    });
    address
}

async fn says(text: &'static str) -> SocketAddr {
    app(move |mut stream, _| async move {
        let _ = stream.write_all(text.as_bytes()).await;
    })
    .await
}

/// A free port without a listener.
async fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

#[tokio::test]
async fn a_healthy_app_passes() {
    let address = says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    assert_eq!(http(None).probe(address, AT).await, Ok(()));
    assert_eq!(http(Some(200)).probe(address, AT).await, Ok(()));
    assert_eq!(tcp().probe(address, AT).await, Ok(()));
    let old = says("HTTP/1.0 200 OK\r\n\r\nok").await;
    assert_eq!(http(None).probe(old, AT).await, Ok(()));
}

#[tokio::test]
async fn each_probe_has_its_own_connection() {
    let (sender, mut requests) = tokio::sync::mpsc::unbounded_channel();
    let address = app(move |mut stream, request| {
        sender.send(request).unwrap();
        async move {
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        }
    })
    .await;
    assert_eq!(http(None).probe(address, AT).await, Ok(()));
    let request = requests.recv().await.unwrap().to_lowercase();
    assert!(
        request.starts_with("get /healthz http/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains(&format!("\r\nhost: {address}\r\n")),
        "{request}"
    );
    assert!(request.contains("\r\nconnection: close\r\n"), "{request}");
}

#[tokio::test]
async fn the_wrong_status_is_named() {
    let sick = says("HTTP/1.1 503 Service Unavailable\r\n\r\n").await;
    let said = http(None).probe(sick, AT).await;
    assert_eq!(
        said,
        Err("503 from GET /healthz, wanted 200..399".to_owned())
    );
    let well = says("HTTP/1.1 200 OK\r\n\r\n").await;
    let said = http(Some(204)).probe(well, AT).await;
    assert_eq!(said, Err("200 from GET /healthz, wanted 204".to_owned()));
}

#[tokio::test]
async fn a_redirect_passes_and_is_not_followed() {
    let address = says("HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\n\r\n").await;
    assert_eq!(http(None).probe(address, AT).await, Ok(()));
    assert!(http(Some(200)).probe(address, AT).await.is_err());
}

#[tokio::test]
async fn a_port_without_a_listener_refuses() {
    for health in [http(None), tcp()] {
        let said = health.probe(free_port().await, AT).await;
        assert_eq!(said, Err("connection refused".to_owned()));
    }
}

/// A full backlog drops the handshake, as a dead host does.
#[tokio::test]
async fn a_full_backlog_times_out() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await
    {
        waiting.push(stream);
    }
    for health in [http(None), tcp()] {
        assert_eq!(
            hurried(health).probe(address, AT).await,
            Err("no connection within 500ms".to_owned())
        );
    }
}

/// Each piece comes in time, but the whole does not: the limit is for the whole answer.
#[tokio::test]
async fn a_slow_header_times_out() {
    let address = app(|mut stream, _| async move {
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: yes\r\n\r\n" {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let said = hurried(http(None)).probe(address, AT).await;
    assert_eq!(
        said,
        Err("no answer to GET /healthz within 500ms".to_owned())
    );
}

#[tokio::test]
async fn an_endless_body_passes_at_once() {
    let address = app(|mut stream, _| async move {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
            .await;
        while stream.write_all(&[b'x'; 65536]).await.is_ok() {}
    })
    .await;
    let started = Instant::now();
    assert_eq!(http(None).probe(address, AT).await, Ok(()));
    assert!(started.elapsed() < PATIENT / 2);
}

#[tokio::test]
async fn endless_headers_fail() {
    let address = app(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(b"X-More: and more\r\n").await.is_ok() {}
    })
    .await;
    assert!(http(None).probe(address, AT).await.is_err());
}

#[tokio::test]
async fn an_answer_that_is_not_http_fails() {
    let said = http(None)
        .probe(says("SSH-2.0-OpenSSH_9.2\r\n").await, AT)
        .await
        .unwrap_err();
    assert!(said.starts_with("not an HTTP answer"), "{said}");
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_fails() {
    let said = http(None).probe(says("").await, AT).await.unwrap_err();
    assert!(said.starts_with("closed without an answer"), "{said}");
    let reset = app(|stream, _| async move { stream.set_zero_linger().unwrap() }).await;
    let said = http(None).probe(reset, AT).await.unwrap_err();
    assert_eq!(said, "connection reset by peer");
}

/// The kernel tries the source ports one after the other. In the end it picks the probed port
/// itself, and TCP connects to itself. Without a guard this fails in most runs.
#[tokio::test]
async fn a_connection_to_itself_fails() {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let ports: Vec<u16> = range
        .split_whitespace()
        .map(|port| port.parse().unwrap())
        .collect();
    // An odd or even port like the lowest one: the kernel prefers that parity for connections.
    let address = SocketAddr::from(([127, 0, 0, 1], ports[0] + 100));
    for probe in 0..=(ports[1] - ports[0]) / 2 {
        let said = tcp().probe(address, AT).await;
        assert_eq!(said, Err("connection refused".to_owned()), "probe {probe}");
    }
}

#[tokio::test]
async fn a_command_decides_by_its_exit_code() {
    let health = |script: &str| Health {
        check: HealthCheck::Command(["sh", "-c", script].map(str::to_owned).to_vec()),
        times: 1,
        timeout: PATIENT,
    };
    let address = free_port().await;
    assert_eq!(health("exit 0").probe(address, AT).await, Ok(()));
    let said = health("echo cache is cold; exit 1")
        .probe(address, AT)
        .await
        .unwrap_err();
    assert!(said.ends_with("exited with 1: cache is cold"), "{said}");
    let hangs = hurried(health("sleep 60"));
    let said = hangs.probe(address, AT).await.unwrap_err();
    assert!(
        said.ends_with("did not end within 500ms and was killed, it printed nothing"),
        "{said}"
    );
}

#[tokio::test]
async fn a_command_runs_less_often_than_a_request() {
    assert_eq!(http(None).pace(), Duration::from_millis(30));
    let check = HealthCheck::Command(vec!["true".to_owned()]);
    assert_eq!(Health { check, ..tcp() }.pace(), Duration::from_millis(250));
}
