//! A proxy between an agent and HAProxy's stats socket. It passes on both sides until a test sets a
//! fault. It uses a unix socket, which is reachable from every network.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::site::Host;
use super::{journal, wait_for};

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
    shared: Shared,
    listening: Option<JoinHandle<()>>,
}

type Shared = Arc<Mutex<State>>;

#[derive(Debug)]
struct State {
    fault: Fault,
    /// The fault of the next question while an agent's journal has this phase in progress.
    later: Option<(PathBuf, &'static str, Fault)>,
    asked: Vec<String>,
    /// Its thread has the listener that the fault needs, or none.
    is_applied: bool,
}

const LOOK: Duration = Duration::from_millis(2);

impl StatsProxy {
    /// Starts it in front of HAProxy's socket, with its own socket in `dir`.
    pub fn start(dir: &Path, haproxy: &Path) -> StatsProxy {
        let (socket, haproxy) = (dir.join("proxy.sock"), haproxy.to_owned());
        let mut listener = Some(bind(&socket));
        let shared = Arc::new(Mutex::new(State {
            fault: Fault::None,
            later: None,
            asked: Vec::new(),
            is_applied: true,
        }));
        let (path, state) = (socket.clone(), shared.clone());
        let listening = thread::spawn(move || {
            while now(&state) != Fault::Gone {
                listen(&mut listener, &path, &state);
                if let Some(listener) = &listener {
                    accept(listener, &haproxy, &state);
                }
                thread::sleep(LOOK);
            }
        });
        StatsProxy {
            socket,
            shared,
            listening: Some(listening),
        }
    }

    /// The number of questions that contain this text.
    pub fn asked(&self, what: &str) -> usize {
        let asked = &state(&self.shared).asked;
        asked.iter().filter(|line| line.contains(what)).count()
    }

    /// Applies from the next question on, and to those without an answer yet.
    pub fn set(&self, fault: Fault) {
        state(&self.shared).set(fault);
        self.wait_until_applied();
    }

    /// Applies from the first question on that the agent of this host asks in that phase.
    pub fn set_in(&self, host: &Host, phase: &'static str, fault: Fault) {
        state(&self.shared).later = Some((host.journal(), phase, fault));
    }

    /// Waits until an agent has met the fault of [`StatsProxy::set_in`].
    pub fn wait_until_met(&self) {
        wait_for("a question in that phase", Duration::from_secs(20), || {
            state(&self.shared).later.is_none().then_some(())
        });
        self.wait_until_applied();
    }

    fn wait_until_applied(&self) {
        wait_for("the proxy's listener", Duration::from_secs(20), || {
            state(&self.shared).is_applied.then_some(())
        });
    }
}

impl State {
    fn set(&mut self, fault: Fault) {
        (self.fault, self.later, self.is_applied) = (fault, None, false);
    }

    /// Takes a question, and begins the fault that it is to meet.
    fn hear(&mut self, question: &str) {
        self.asked.push(question.to_owned());
        let met = |(journal, phase, _): &mut (PathBuf, &'static str, Fault)| {
            journal::phase(journal).as_deref() == Some(*phase)
        };
        if let Some((_, _, fault)) = self.later.take_if(met) {
            self.set(fault);
        }
    }
}

impl Drop for StatsProxy {
    fn drop(&mut self) {
        state(&self.shared).set(Fault::Gone);
        let ended = self.listening.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))));
    }
}

fn state(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().expect("no thread panics")
}

fn now(shared: &Shared) -> Fault {
    state(shared).fault
}

/// Listens, or does not.
fn listen(listener: &mut Option<UnixListener>, path: &Path, shared: &Shared) {
    let mut state = state(shared);
    if state.fault == Fault::Refuses {
        *listener = None;
    } else if listener.is_none() {
        *listener = Some(bind(path));
    }
    state.is_applied = true;
}

fn bind(socket: &Path) -> UnixListener {
    // A dropped listener leaves its file, which then refuses connections.
    fs::remove_file(socket).ok();
    let listener = UnixListener::bind(socket).expect("a socket");
    listener.set_nonblocking(true).expect("a listener");
    listener
}

fn accept(listener: &UnixListener, haproxy: &Path, shared: &Shared) {
    while let Ok((agent, _)) = listener.accept() {
        let (haproxy, shared) = (haproxy.to_owned(), shared.clone());
        thread::spawn(move || pass_on(agent, &haproxy, &shared));
    }
}

/// When the agent or HAProxy closes early, this ends.
fn pass_on(mut agent: UnixStream, haproxy: &Path, shared: &Shared) -> Option<()> {
    agent.set_nonblocking(false).ok()?;
    let mut question = String::new();
    BufReader::new(&agent).read_line(&mut question).ok()?;
    state(shared).hear(&question);
    while now(shared) == Fault::Hangs {
        thread::sleep(LOOK);
    }
    if now(shared) == Fault::Refuses {
        return None;
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
