//! The agent in a host's namespace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde::de::DeserializeOwned;

use super::namespace::Namespace;
use super::process::Process;
use super::report::Report;
use super::settings::Settings;
use super::site::Host;
use super::{built, now, wait_for};

/// A host's agent: its configuration and its namespace.
pub struct Agent<'a> {
    namespace: &'a Namespace,
    config: PathBuf,
    program: PathBuf,
    environment: Vec<(&'static str, PathBuf)>,
}

/// A running agent.
pub struct Running(Process);

/// The result of an agent that has ended.
#[derive(Debug)]
pub struct Ended {
    pub exit: i32,
    pub out: String,
    pub err: String,
    /// The time of its exit, in Unix seconds.
    pub at: f64,
}

impl<'a> Agent<'a> {
    pub fn new(host: &'a Host, settings: &Settings) -> Agent<'a> {
        Agent {
            namespace: &host.namespace,
            config: settings.write(&host.dir),
            program: built::agent(),
            environment: Vec::new(),
        }
    }

    /// The same program at another path.
    pub fn installed_at(self, program: &Path) -> Agent<'a> {
        let program = program.to_owned();
        Agent { program, ..self }
    }

    /// Runs `agent WORDS` to its end.
    pub fn words(&self, words: &[&str]) -> Ended {
        Running::start("agent", &mut self.command(words)).wait()
    }

    /// Starts `agent WORDS` in the background.
    pub fn start_words(&self, words: &[&str]) -> Running {
        Running::start("agent", &mut self.command(words))
    }

    /// Starts `agent WORDS` in the background, with a standard input that the test can end.
    pub fn start_attached(&self, words: &[&str]) -> Running {
        Running(Process::spawn_attached("agent", &mut self.command(words)))
    }

    /// Starts `agent run` in the background.
    pub fn start_sidecar(&self) -> Running {
        Running::start("sidecar", &mut self.command(&["run"]))
    }

    pub fn env(mut self, name: &'static str, path: &Path) -> Agent<'a> {
        self.environment.push((name, path.to_owned()));
        self
    }

    /// Runs `agent VERB APP --json` to its end.
    pub fn run(&self, verb: &str, app: &str) -> Ended {
        self.start(verb, app).wait()
    }

    /// Starts `agent VERB APP --json` in the background.
    pub fn start(&self, verb: &str, app: &str) -> Running {
        let mut command = self.command(&[verb, app, "--json"]);
        Running::start("agent", &mut command)
    }

    /// Starts `agent VERB web --json`, which gets SIGKILL at its n-th sync. The journal is what it
    /// syncs.
    pub fn start_killed_at(&self, verb: &str, sync: usize) -> Running {
        self.start_words_killed_at(&[verb], sync)
    }

    /// The same with the words before the app.
    pub fn start_words_killed_at(&self, words: &[&str], sync: usize) -> Running {
        let inject = format!("inject=fsync,fdatasync:signal=KILL:when={sync}");
        let mut command = self.namespace.command("strace");
        command.args([
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            "trace=fsync,fdatasync",
            "-e",
            &inject,
        ]);
        command
            .arg(built::agent())
            .args(words)
            .args(["web", "--json", "--config"]);
        Running::start("agent", command.arg(&self.config))
    }

    /// Opens the gates, and panics if that fails.
    pub fn open(&self, app: &str) {
        self.run("open", app).expect_exit(0);
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.namespace.command(&self.program);
        self.asked(&mut command, arguments);
        command
    }

    /// Interrupts an agent that the test started in another way.
    pub fn asked(&self, command: &mut Command, arguments: &[&str]) {
        command.args(arguments).arg("--config").arg(&self.config);
        command.envs(self.environment.iter().cloned());
    }
}

impl Running {
    /// Any program, under this name.
    pub fn start(name: &str, command: &mut Command) -> Running {
        Running(Process::spawn(name, command))
    }

    pub fn interrupt(&self, signal: Signal) {
        self.0.signal(signal);
    }

    /// Stops it where it is, until SIGCONT or SIGKILL. It has stopped when this returns.
    pub fn pause(&self) {
        self.0.signal(Signal::SIGSTOP);
        let path = format!("/proc/{}/stat", self.pid());
        wait_for("a stopped process", Duration::from_secs(20), || {
            let stat = fs::read_to_string(&path).expect("a child");
            let (_, state) = stat.rsplit_once(") ").expect("a state");
            state.starts_with(['T', 'Z']).then_some(())
        });
    }

    /// Ends its standard input.
    pub fn hang_up(&mut self) {
        self.0.hang_up();
    }

    pub fn pid(&self) -> u32 {
        self.0.pid()
    }

    pub fn is_running(&mut self) -> bool {
        self.0.is_running()
    }

    /// Waits until a line of its stderr contains this text.
    pub fn wait_for_word(&self, word: &str) {
        let what = format!("{word:?} on stderr");
        // A roll asks all hosts by ssh before that, perhaps on a busy machine.
        wait_for(&what, Duration::from_secs(60), || {
            self.0.err.last(word, 0.0)
        });
    }

    /// Waits until its stdout has so many lines.
    pub fn wait_for_lines(&self, count: usize) {
        wait_for(&format!("{count} lines"), Duration::from_secs(20), || {
            (self.0.out.all().len() >= count).then_some(())
        });
    }

    pub fn wait(mut self) -> Ended {
        let status = self.0.wait();
        Ended {
            at: now(),
            // After a signal there is no exit code. No test expects that.
            exit: status.code().unwrap_or(-1),
            out: self.0.out.text(),
            err: self.0.err.text(),
        }
    }
}

impl Ended {
    pub fn expect_exit(self, exit: i32) -> Ended {
        let Ended { out, err, .. } = &self;
        assert_eq!(self.exit, exit, "the agent's exit\n{out}\n{err}");
        self
    }

    /// It exits with this code, and with these words in its message.
    pub fn expect(self, exit: i32, says: &str) -> Ended {
        let ended = self.expect_exit(exit);
        let message = ended.report().message;
        assert!(message.contains(says), "wanted {says:?} in: {message}");
        ended
    }

    pub fn report(&self) -> Report {
        self.parsed()
    }

    /// The object of `--json`, for any verb.
    pub fn json(&self) -> serde_json::Value {
        self.parsed()
    }

    fn parsed<T: DeserializeOwned>(&self) -> T {
        let json = serde_json::from_str(&self.out);
        json.unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
}
