//! Users who read and write all the time, each request on a connection of its own.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use lab::namespace::{self, Namespace};
use lab::site::BALANCER;
use lab::{now, wait_for};

/// One request with its answer.
#[derive(Debug, Clone)]
pub struct Request {
    pub writes: bool,
    pub asked: f64,
    pub answered: f64,
    /// The head of the answer, or why there is none.
    pub head: String,
}

pub struct Users {
    done: Arc<Mutex<Vec<Request>>>,
    ends: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Request {
    pub fn is_served(&self) -> bool {
        self.head.starts_with("HTTP/1.1 200 ")
    }

    /// As the rule of the marker answers.
    pub fn is_refused(&self) -> bool {
        let head = self.head.to_ascii_lowercase();
        head.starts_with("http/1.1 503 ") && head.contains("\r\nretry-after: 60\r\n")
    }
}

impl Users {
    pub fn start(balancer: &Namespace) -> Users {
        let (done, ends) = (Arc::default(), Arc::default());
        let one = |number| {
            let (network, done, ends) = (balancer.path(), Arc::clone(&done), Arc::clone(&ends));
            thread::spawn(move || go_on(&network, number, &done, &ends))
        };
        Users {
            threads: (0..4).map(one).collect(),
            done,
            ends,
        }
    }

    /// Waits until they have asked so many requests since then, and all are answered.
    pub fn wait_for_more(&self, requests: usize) {
        let from = now();
        wait_for("more requests", Duration::from_secs(20), || {
            let done = self.done.lock().expect("the requests");
            let since = done.iter().filter(|one| one.asked > from).count();
            (since >= requests).then_some(())
        });
    }

    pub fn stop(self) -> Vec<Request> {
        self.ends.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("a user");
        }
        let done = self.done.lock().expect("the requests");
        done.clone()
    }
}

fn go_on(network: &Path, number: usize, done: &Mutex<Vec<Request>>, ends: &AtomicBool) {
    let mut writes = number.is_multiple_of(2);
    while !ends.load(Ordering::Relaxed) {
        let asked = now();
        let head = ask(network, writes).unwrap_or_else(|error| error.to_string());
        done.lock().expect("the requests").push(Request {
            writes,
            asked,
            answered: now(),
            head,
        });
        writes = !writes;
        // The pace of a user.
        thread::sleep(Duration::from_millis(10));
    }
}

fn ask(network: &Path, writes: bool) -> std::io::Result<String> {
    let to: SocketAddr = format!("{BALANCER}:80").parse().expect("an address");
    let mut stream = namespace::connect(network, to)?;
    let (method, body) = if writes { ("POST", "one") } else { ("GET", "") };
    let length = body.len();
    write!(
        stream,
        "{method} / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    Ok(format!("{head}\r\n"))
}
