//! `agent page`: the real program, its sockets, and the example page in a real browser.

mod answers;
#[path = "../history/browser.rs"]
mod browser;
mod clients;
mod command;
mod picture;
mod probe;

use lab::agent::{Ended, Running};
use lab::own_network::sh;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

const CONFIG: &str = r#"[app.web]
port = 1000
status_port = 2000
health = { http = "/healthz" }
restart = { command = ["true"] }

[app.web.page]
port = 1009
status_port = 2009
file = "/run/page/m.html"
retry_after = "90s"

[[haproxy]]
socket = "/run/lb.sock"

[agent]
state_dir = "/run/state"
"#;

const PAGE: &str = "<p>soon</p><img src=logo.png>";

/// The page as it is served.
const SERVED: &str = "<p>soon</p><img src=\"data:image/png;base64,bG9nbw==\">";

/// The page and its picture.
fn page() {
    sh("mkdir -p /run/page && printf logo >/run/page/logo.png");
    std::fs::write("/run/page/m.html", PAGE).unwrap();
}

fn command(config: &str, words: &[&str]) -> Command {
    std::fs::write("/run/agent.toml", config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.args(words).args(["--config", "/run/agent.toml"]);
    command
}

fn agent(config: &str, words: &[&str]) -> Ended {
    Running::start("agent", &mut command(config, words)).wait()
}

/// The server, once it listens.
fn serves(config: &str) -> Running {
    let running = Running::start("page", &mut command(config, &["page", "web"]));
    sh(
        "for i in $(seq 1000); do ss -Hltn 'sport = :1009' | grep -q . && exit; sleep 0.02; done; exit 1",
    );
    running
}

fn connect() -> TcpStream {
    let stream = TcpStream::connect("127.0.0.1:1009").unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// Sends the bytes, and returns everything until the server ends the connection.
fn say(bytes: &[u8]) -> String {
    let mut stream = connect();
    let _ = stream.write_all(bytes);
    rest(stream)
}

fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request with these lines, and the answer's head and body.
fn ask(first: &str, headers: &str) -> (String, String) {
    let request = format!("{first} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n{headers}\r\n");
    let answer = say(request.as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}
