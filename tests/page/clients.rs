//! Clients that send much, little or nothing, and the end of the server.

use crate::{CONFIG, SERVED, ask, connect, page, rest, say, serves};
use lab::own_network::{inside, sh};
use nix::sys::signal::Signal;
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: shop\r\n\r\n";

/// A connection whose client takes little at once, so that the server waits for it.
fn narrow() -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(8192).unwrap();
    let address: SocketAddr = "127.0.0.1:1009".parse().unwrap();
    socket.connect(&address.into()).unwrap();
    socket.into()
}

/// Reads one answer with the page.
fn one(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).ends_with(SERVED) {
        let mut some = [0; 4096];
        let read = stream.read(&mut some).unwrap();
        assert_ne!(read, 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend(&some[..read]);
    }
    String::from_utf8(answer).unwrap()
}

#[test]
fn each_answer_ends_its_connection_and_an_upload_gets_its_answer() {
    if !inside("clients::each_answer_ends_its_connection_and_an_upload_gets_its_answer") {
        return;
    }
    page();
    let _server = serves(CONFIG);
    let mut stream = connect();
    stream.write_all(GET).unwrap();
    assert!(rest(stream).starts_with("HTTP/1.1 503 "));
    let mut stream = connect();
    // A body larger than the kernel's buffers: it is read, or the client would lose the answer.
    let size = 20 * 1024 * 1024;
    let head = format!("POST /upload HTTP/1.1\r\nhost: shop\r\ncontent-length: {size}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&vec![b'x'; size]).unwrap();
    assert!(rest(stream).starts_with("HTTP/1.1 503 "));
    // A client that asks first sends no body.
    let head = head.replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n");
    let answer = say(head.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
}

#[test]
fn heads_have_a_limit_and_nonsense_ends_its_own_connection_only() {
    if !inside("clients::heads_have_a_limit_and_nonsense_ends_its_own_connection_only") {
        return;
    }
    page();
    let _server = serves(CONFIG);
    let large = format!("x: {}\r\n", "a".repeat(15 * 1024));
    assert!(ask("GET /", &large).0.starts_with("HTTP/1.1 503 "));
    let mut endless = b"GET / HTTP/1.1\r\nx: ".to_vec();
    endless.resize(1024 * 1024, b'a');
    let answer = say(&endless);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431 "),
        "{answer}"
    );
    assert!(say(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").starts_with("HTTP/1.1 400 "));
    assert_eq!(ask("GET /", "").1, SERVED);
}

#[test]
fn slow_and_silent_clients_delay_no_other_one_and_are_disconnected() {
    if !inside("clients::slow_and_silent_clients_delay_no_other_one_and_are_disconnected") {
        return;
    }
    page();
    let _server = serves(CONFIG);
    let began = Instant::now();
    let mut idle = connect();
    idle.write_all(GET).unwrap();
    one(&mut idle);
    let mut dripping = connect();
    // More than the server keeps.
    let silent: Vec<TcpStream> = (0..600).map(|_| connect()).collect();
    let asked = Instant::now();
    assert_eq!(ask("GET /", "").1, SERVED);
    assert!(
        asked.elapsed() < Duration::from_secs(8),
        "{:?}",
        asked.elapsed()
    );
    drop(silent);
    // Each of these is the oldest now, and ends at the latest by its time.
    while dripping.write_all(b"G").is_ok() {
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(rest(idle), "");
    // Alone it ends by its time.
    let began = Instant::now();
    assert_eq!(rest(connect()), "");
    let limit = Duration::from_secs(14)..Duration::from_secs(20);
    assert!(limit.contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[test]
fn requests_under_way_finish_when_it_ends() {
    if !inside("clients::requests_under_way_finish_when_it_ends") {
        return;
    }
    page();
    let text = format!("<p>{}</p>{SERVED}", "x".repeat(1_900_000));
    std::fs::write("/run/page/m.html", &text).unwrap();
    // The kernel keeps little of the answer for the server.
    sh("echo 4096 4096 65536 >/proc/sys/net/ipv4/tcp_wmem");
    let server = serves(CONFIG);
    let mut slow = narrow();
    slow.write_all(GET).unwrap();
    let mut begun = [0; 4096];
    slow.read_exact(&mut begun).unwrap();
    let idle = connect();
    let asked = Instant::now();
    server.interrupt(Signal::SIGTERM);
    // Idle connections end at once.
    assert_eq!(rest(idle), "");
    assert!(asked.elapsed() < Duration::from_secs(4));
    assert!(
        TcpStream::connect("127.0.0.1:1009").is_err(),
        "it takes no new ones"
    );
    let answer = rest(slow);
    assert!(
        answer.ends_with(SERVED) && answer.len() > 1_800_000,
        "{}",
        answer.len()
    );
    let ended = server.wait();
    assert_eq!(ended.exit, 0, "{}", ended.err);
    assert!(
        asked.elapsed() < Duration::from_secs(4),
        "{:?}",
        asked.elapsed()
    );
}
