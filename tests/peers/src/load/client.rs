//! A small HTTP/1.1 client that reports exactly how a request failed. It repeats nothing.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Longer than any request of the tests. A real user would have left.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Connection {
    stream: BufReader<TcpStream>,
    /// The number of answers on this connection.
    pub answers: usize,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// A new value of the cookie SRV.
    pub cookie: Option<String>,
    /// The target and version of a `lab-app`.
    pub served_by: Option<String>,
    /// The header of a refusal.
    pub retry_after: Option<String>,
    /// The server closes the connection after this answer.
    pub close: bool,
    pub body: Vec<u8>,
}

/// Who serves the page of a maintenance, in the summary.
pub const PAGE: &str = "page";

impl Answer {
    /// The page of a maintenance: HAProxy's own 503 does not say when to come back.
    pub fn is_page(&self) -> bool {
        self.status == 503 && self.retry_after.is_some()
    }
}

/// A request without a whole answer.
#[derive(Debug)]
pub struct Broken {
    pub why: String,
    /// The connection ended before the first byte of an answer.
    pub unanswered: bool,
}

impl Connection {
    pub async fn open(to: SocketAddr) -> Result<Connection, Broken> {
        let connect = timeout(PATIENCE, TcpStream::connect(to)).await;
        let stream = connect.map_err(|_| broken("connect: no answer"))?;
        let stream = stream.map_err(|error| broken(&format!("connect: {error}")))?;
        stream.set_nodelay(true).ok();
        Ok(Connection {
            stream: BufReader::new(stream),
            answers: 0,
        })
    }

    /// Whether the server closed the connection while it was idle.
    pub fn was_closed_idle(&self) -> bool {
        let ended = self.stream.get_ref().try_read(&mut [0]);
        !matches!(ended, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    }

    pub async fn get(&mut self, path: &str, headers: &str) -> Result<Answer, Broken> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: lab\r\n{headers}\r\n");
        self.within_patience(&[head.as_bytes()], Duration::ZERO)
            .await
    }

    /// A POST whose body comes in pieces with pauses between them.
    pub async fn post(
        &mut self,
        path: &str,
        headers: &str,
        pieces: usize,
        pause: Duration,
    ) -> Result<Answer, Broken> {
        let piece = [b'x'; 64];
        let length = pieces * piece.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: lab\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        let mut parts = vec![head.as_bytes()];
        parts.resize(1 + pieces, &piece);
        self.within_patience(&parts, pause).await
    }

    async fn within_patience(
        &mut self,
        parts: &[&[u8]],
        pause: Duration,
    ) -> Result<Answer, Broken> {
        let exchange = timeout(PATIENCE, self.exchange(parts, pause));
        let answer = exchange.await.map_err(|_| broken("no answer"))??;
        self.answers += 1;
        Ok(answer)
    }

    async fn exchange(&mut self, parts: &[&[u8]], pause: Duration) -> Result<Answer, Broken> {
        for (sent, part) in parts.iter().enumerate() {
            if sent > 0 {
                sleep(pause).await;
            }
            let written = self.stream.get_mut().write_all(part).await;
            written.map_err(|error| unanswered(&format!("send: {error}")))?;
        }
        let first = self.stream.fill_buf().await;
        match first {
            Err(error) => return Err(unanswered(&format!("receive: {error}"))),
            Ok([]) => return Err(unanswered("closed without an answer")),
            Ok(_) => {}
        }
        let cut = |error: std::io::Error| broken(&format!("cut off: {error}"));
        let mut head = self.head().await.map_err(cut)?;
        head.answer.body = self.body(head.length).await.map_err(cut)?;
        Ok(head.answer)
    }

    async fn head(&mut self) -> std::io::Result<Head> {
        let mut head = Head::from_status_line(&self.line().await?)?;
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(head);
            }
            head.take(&line);
        }
    }

    async fn body(&mut self, length: Length) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        match length {
            Length::Known(length) => {
                body.resize(length, 0);
                self.stream.read_exact(&mut body).await?;
            }
            Length::Chunked => loop {
                let size = self.line().await?;
                let size = usize::from_str_radix(&size, 16).map_err(std::io::Error::other)?;
                let from = body.len();
                body.resize(from + size, 0);
                self.stream.read_exact(&mut body[from..]).await?;
                self.line().await?;
                if size == 0 {
                    break;
                }
            },
        }
        Ok(body)
    }

    async fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        match line.strip_suffix("\r\n") {
            Some(text) => Ok(text.to_owned()),
            None => Err(std::io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

enum Length {
    Known(usize),
    Chunked,
}

struct Head {
    answer: Answer,
    length: Length,
}

impl Head {
    fn from_status_line(line: &str) -> std::io::Result<Head> {
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let answer = Answer {
            status: status.ok_or_else(|| std::io::Error::other(line.to_owned()))?,
            cookie: None,
            served_by: None,
            retry_after: None,
            close: false,
            body: Vec::new(),
        };
        Ok(Head {
            answer,
            length: Length::Known(0),
        })
    }

    fn take(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => self.length = Length::Known(value.parse().unwrap_or(0)),
            "transfer-encoding" => self.length = Length::Chunked,
            "connection" => self.answer.close = value.eq_ignore_ascii_case("close"),
            "retry-after" => self.answer.retry_after = Some(value.to_owned()),
            "x-served-by" => self.answer.served_by = Some(value.to_owned()),
            "set-cookie" => {
                let cookie = value.split(';').next().and_then(|c| c.strip_prefix("SRV="));
                self.answer.cookie = cookie.map(str::to_owned);
            }
            _ => {}
        }
    }
}

fn broken(why: &str) -> Broken {
    Broken {
        why: why.to_owned(),
        unanswered: false,
    }
}

fn unanswered(why: &str) -> Broken {
    Broken {
        why: why.to_owned(),
        unanswered: true,
    }
}
