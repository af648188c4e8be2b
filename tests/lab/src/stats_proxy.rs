//! A proxy between an agent and HAProxy's stats socket. It passes on both sides until a test sets a
//! fault. It uses a unix socket, which is reachable from every network.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answers as HAProxy does.
    None,
    /// Reads the question and never answers.
    Hangs,
    /// Does not listen.
    Refuses,
    /// Stops in the middle of the answer.
    Halves,
    /// Answers after this time.
    Slow(Duration),
    /// The test is over.
    Gone,
}

#[derive(Debug)]
pub struct StatsProxy {
    pub socket: PathBuf,
    fault: Shared,
    asked: Asked,
    listening: Option<JoinHandle<()>>,
}

type Shared = Arc<Mutex<Fault>>;
type Asked = Arc<Mutex<Vec<String>>>;

const LOOK: Duration = Duration::from_millis(2);

impl StatsProxy {
    /// Starts it in front of HAProxy's socket, with its own socket in `dir`.
    pub fn start(dir: &Path, haproxy: &Path) -> StatsProxy {
        let (socket, haproxy) = (dir.join("proxy.sock"), haproxy.to_owned());
        let fault = Shared::new(Mutex::new(Fault::None));
        let mut listener = Some(bind(&socket));
        let (path, shared) = (socket.clone(), fault.clone());
        let asked = Asked::default();
        let heard = asked.clone();
        let listening = thread::spawn(move || {
            while now(&shared) != Fault::Gone {
                match (now(&shared), &listener) {
                    (Fault::Refuses, _) => listener = None,
                    (_, None) => listener = Some(bind(&path)),
                    (_, Some(listener)) => accept(listener, &haproxy, &shared, &heard),
                }
                thread::sleep(LOOK);
            }
        });
        StatsProxy {
            socket,
            fault,
            asked,
            listening: Some(listening),
        }
    }

    /// The number of questions that contain this text.
    pub fn asked(&self, what: &str) -> usize {
        let asked = self.asked.lock().expect("no thread panics");
        asked.iter().filter(|line| line.contains(what)).count()
    }

    /// Applies from the next question on, and to those without an answer yet.
    pub fn set(&self, fault: Fault) {
        *self.fault.lock().expect("no thread panics") = fault;
    }
}

impl Drop for StatsProxy {
    fn drop(&mut self) {
        self.set(Fault::Gone);
        let ended = self.listening.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))));
    }
}

fn now(shared: &Shared) -> Fault {
    *shared.lock().expect("no thread panics")
}

fn bind(socket: &Path) -> UnixListener {
    // A dropped listener leaves its file, which then refuses connections.
    fs::remove_file(socket).ok();
    let listener = UnixListener::bind(socket).expect("a socket");
    listener.set_nonblocking(true).expect("a listener");
    listener
}

fn accept(listener: &UnixListener, haproxy: &Path, shared: &Shared, asked: &Asked) {
    while let Ok((agent, _)) = listener.accept() {
        let (haproxy, shared, asked) = (haproxy.to_owned(), shared.clone(), asked.clone());
        thread::spawn(move || pass_on(agent, &haproxy, &shared, &asked));
    }
}

/// When the agent or HAProxy closes early, this ends.
fn pass_on(mut agent: UnixStream, haproxy: &Path, shared: &Shared, asked: &Asked) -> Option<()> {
    agent.set_nonblocking(false).ok()?;
    let mut question = String::new();
    BufReader::new(&agent).read_line(&mut question).ok()?;
    asked
        .lock()
        .expect("no thread panics")
        .push(question.clone());
    while now(shared) == Fault::Hangs {
        thread::sleep(LOOK);
    }
    let mut upstream = UnixStream::connect(haproxy).ok()?;
    upstream.write_all(question.as_bytes()).ok()?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).ok()?;
    match now(shared) {
        Fault::Halves => answer.truncate(answer.len() / 2),
        Fault::Slow(by) => thread::sleep(by),
        _ => {}
    }
    agent.write_all(&answer).ok()
}
