//! A child of the lab. The lab keeps each line of its output with the time. It stops the child by
//! its pid when this goes out of scope.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use super::now;
use crate::complain;

#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    pub out: Lines,
    pub err: Lines,
    readers: Vec<JoinHandle<()>>,
}

/// The output of a process so far.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<Line>>>);

#[derive(Debug, Clone)]
pub struct Line {
    pub at: f64,
    pub text: String,
}

impl Process {
    pub fn spawn(name: &str, command: &mut Command) -> Process {
        Process::spawn_reading(name, command, Stdio::null())
    }

    /// A child whose standard input the test can close.
    pub fn spawn_attached(name: &str, command: &mut Command) -> Process {
        Process::spawn_reading(name, command, Stdio::piped())
    }

    fn spawn_reading(name: &str, command: &mut Command, stdin: Stdio) -> Process {
        // A process group of its own: Ctrl-C in a terminal must reach only the lab itself.
        command.process_group(0).stdin(stdin);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let spawned = command.spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (out, err) = (Lines::default(), Lines::default());
        let readers = vec![
            out.hear(child.stdout.take().expect("a pipe")),
            err.hear(child.stderr.take().expect("a pipe")),
        ];
        Process {
            name: name.to_owned(),
            child,
            out,
            err,
            readers,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Closes its standard input.
    pub fn hang_up(&mut self) {
        drop(self.child.stdin.take());
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("our child").is_none()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        signal::kill(pid, signal).expect("a running child");
    }

    /// Kills it and its children, and waits until it is gone.
    pub fn kill_group(&mut self) {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        signal::killpg(pid, Signal::SIGKILL).expect("a running group");
        self.wait();
    }

    /// Waits for the end and for the last line.
    pub fn wait(&mut self) -> ExitStatus {
        let status = self.child.wait().expect("our child");
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader");
        }
        status
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        if self.is_running() {
            self.signal(Signal::SIGTERM);
        }
        self.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if thread::panicking() {
            let (out, err) = (self.out.tail(), self.err.tail());
            complain(&format!("--- {}\n{out}{err}", self.name));
        }
        if self.is_running() {
            self.signal(Signal::SIGTERM);
        }
        let asked = Instant::now();
        while self.is_running() && asked.elapsed() < Duration::from_secs(3) {
            thread::sleep(Duration::from_millis(5));
        }
        if self.is_running() {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

impl Lines {
    pub fn all(&self) -> Vec<Line> {
        self.0.lock().expect("no reader panics").clone()
    }

    pub fn text(&self) -> String {
        let lines = self.all().into_iter().map(|line| line.text + "\n");
        lines.collect()
    }

    /// The last line since `from` that contains `part`.
    pub fn last(&self, part: &str, from: f64) -> Option<Line> {
        let mut lines = self.all().into_iter().rev();
        lines.find(|line| line.at >= from && line.text.contains(part))
    }

    fn tail(&self) -> String {
        let all = self.all();
        let from = all.len().saturating_sub(60);
        let lines = all[from..].iter();
        lines
            .map(|line| format!("{:.3} {}\n", line.at, line.text))
            .collect()
    }

    fn hear(&self, pipe: impl Read + Send + 'static) -> JoinHandle<()> {
        let lines = self.clone();
        thread::spawn(move || {
            for text in BufReader::new(pipe).lines().map_while(Result::ok) {
                let line = Line { at: now(), text };
                lines.0.lock().expect("no reader panics").push(line);
            }
        })
    }
}
