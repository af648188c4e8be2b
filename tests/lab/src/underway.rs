//! A user's request that takes seconds: a GET, an upload, a stream.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::namespace::{self, Namespace};
use super::now;

const PAUSE: Duration = Duration::from_millis(100);

/// Longer than anything in the tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request under way.
pub struct Underway(JoinHandle<Got>);

/// The result, and the time of its last byte. HAProxy may close the connection later, when nothing
/// is in flight any more.
#[derive(Debug)]
pub struct Got {
    pub text: String,
    pub ended_at: f64,
}

impl Underway {
    /// A GET.
    pub fn get(from: &Namespace, to: SocketAddr, path: &str) -> Underway {
        let head = format!("GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n");
        Underway::begin(from, to, head, Duration::ZERO)
    }

    /// A POST whose body takes this long.
    pub fn upload(from: &Namespace, to: SocketAddr, length: Duration) -> Underway {
        Underway::upload_with(from, to, length, "")
    }

    /// The same by the user with this cookie.
    pub fn sticky_upload(
        from: &Namespace,
        to: SocketAddr,
        length: Duration,
        cookie: &str,
    ) -> Underway {
        Underway::upload_with(from, to, length, &cookie_line(cookie))
    }

    fn upload_with(from: &Namespace, to: SocketAddr, length: Duration, line: &str) -> Underway {
        let bytes = pieces(length);
        let head = format!(
            "POST / HTTP/1.1\r\nHost: lab\r\n{line}Connection: close\r\n\
             Content-Length: {bytes}\r\n\r\n"
        );
        Underway::begin(from, to, head, length)
    }

    /// A stream, which begins as a web socket does.
    pub fn stream(from: &Namespace, to: SocketAddr, path: &str) -> Underway {
        Underway::stream_with(from, to, path, "")
    }

    /// The same by the user with this cookie.
    pub fn sticky_stream(from: &Namespace, to: SocketAddr, path: &str, cookie: &str) -> Underway {
        Underway::stream_with(from, to, path, &cookie_line(cookie))
    }

    fn stream_with(from: &Namespace, to: SocketAddr, path: &str, line: &str) -> Underway {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: lab\r\n{line}Connection: Upgrade\r\n\
             Upgrade: stream\r\n\r\n"
        );
        Underway::begin(from, to, head, Duration::ZERO)
    }

    fn begin(from: &Namespace, to: SocketAddr, head: String, body: Duration) -> Underway {
        let network = from.path();
        Underway(thread::spawn(move || {
            let (mut text, mut ended_at) = (Vec::new(), now());
            let stream = namespace::connect(&network, to);
            let talked = stream.and_then(|stream| {
                stream.set_read_timeout(Some(PATIENCE))?;
                talk(stream, &head, body, |bytes| {
                    ended_at = now();
                    text.extend(bytes);
                })
            });
            if let Err(error) = talked {
                text.extend(format!(" [{error}]").into_bytes());
            }
            Got {
                text: String::from_utf8_lossy(&text).into_owned(),
                ended_at,
            }
        }))
    }

    /// Waits for its end.
    pub fn got(self) -> Got {
        self.0.join().expect("no panic")
    }
}

impl Got {
    /// Whether the last byte came.
    pub fn is_whole(&self) -> bool {
        let Some((head, body)) = self.text.split_once("\r\n\r\n") else {
            return false;
        };
        match head.split_whitespace().nth(1) {
            Some("200") => body.ends_with('\n'),
            Some("101") => body.ends_with("the end\n"),
            _ => false,
        }
    }
}

fn cookie_line(cookie: &str) -> String {
    format!("Cookie: SRV={cookie}\r\n")
}

fn talk(
    mut stream: impl Read + Write,
    head: &str,
    body: Duration,
    mut hears: impl FnMut(&[u8]),
) -> io::Result<()> {
    stream.write_all(head.as_bytes())?;
    let began = Instant::now();
    for piece in 1..=pieces(body) {
        thread::sleep((PAUSE * piece).saturating_sub(began.elapsed()));
        stream.write_all(b"x")?;
    }
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            bytes => hears(&buffer[..bytes]),
        }
    }
}

fn pieces(length: Duration) -> u32 {
    u32::try_from(length.as_millis() / PAUSE.as_millis()).expect("some pieces")
}
