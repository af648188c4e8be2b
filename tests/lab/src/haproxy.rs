//! The real HAProxy, master and worker, in a namespace. The lab keeps each log line with its time:
//! so a test knows when HAProxy logged UP and DOWN, however late it reads that.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::heard::Heard;
use super::namespace::Namespace;
use super::process::Process;
use super::reference::Reference;
use super::release::Release;
use super::stats::{self, Line};
use super::wait_for;

#[derive(Debug)]
pub struct Haproxy {
    pub process: Process,
    pub socket: PathBuf,
    master: PathBuf,
    log: Heard,
    /// The network of its stats socket over TCP, and the address there.
    pub(super) tcp: Option<(PathBuf, SocketAddr)>,
}

impl Haproxy {
    /// Starts it from a configuration whose stats socket is `DIR/user.sock`.
    pub fn start(namespace: &Namespace, dir: &Path, config: &Reference) -> Haproxy {
        Haproxy::start_of(Release::Installed, namespace, dir, config)
    }

    pub fn start_of(
        release: Release,
        namespace: &Namespace,
        dir: &Path,
        config: &Reference,
    ) -> Haproxy {
        fs::create_dir_all(dir).expect("a folder for HAProxy");
        let file = dir.join("haproxy.cfg");
        let log = Heard::listen(&namespace.path(), 0);
        fs::write(&file, config.logging_to(log.at)).expect("a configuration");
        let (socket, master) = (dir.join("user.sock"), dir.join("master.sock"));
        let mut command = release.haproxy(namespace);
        command.args(["-W", "-db", "-S"]).arg(&master);
        command.arg("-f").arg(&file);
        let mut haproxy = Haproxy {
            process: Process::spawn("haproxy", &mut command),
            socket,
            master,
            log,
            tcp: config.stats_over_tcp().map(|to| (namespace.path(), to)),
        };
        haproxy.wait_until_it_answers();
        release.assert_is(&haproxy.version());
        haproxy
    }

    /// The socket of its master CLI.
    pub fn master(&self) -> &Path {
        &self.master
    }

    /// The answer of the current worker to `show info`.
    pub fn info(&self, key: &str) -> String {
        let answer = stats::ask(&self.socket, "show info");
        let found = stats::info(&answer, key);
        found.unwrap_or_else(|| panic!("no {key} in\n{answer}"))
    }

    pub fn version(&self) -> String {
        self.info("Version")
    }

    /// The pid of the current worker.
    pub fn worker(&self) -> String {
        self.info("Pid")
    }

    pub fn servers(&self) -> Vec<Line> {
        stats::servers(&self.socket)
    }

    pub fn server(&self, name: &str) -> Line {
        let mut servers = self.servers().into_iter();
        let found = servers.find(|line| line.get("svname") == name);
        found.unwrap_or_else(|| panic!("no server {name}"))
    }

    /// Errors, retries and redispatches of all server lines so far.
    pub fn trouble(&self) -> u64 {
        self.servers().iter().map(Line::trouble).sum()
    }

    /// An operator's command, if [`Reference::for_operators`] allows it.
    pub fn operate(&self, command: &str) {
        let said = stats::ask(&self.socket, command);
        assert_eq!(said.trim(), "", "{command}");
    }

    /// Sends SIGKILL to the process with the traffic.
    pub fn kill_worker(&self) {
        let worker = self.worker().parse().expect("a pid");
        kill(Pid::from_raw(worker), Signal::SIGKILL).expect("a worker");
    }

    pub fn wait_until_all_up(&self) {
        self.wait_until("all server lines are UP", |lines| {
            lines.iter().all(|line| line.status() == "UP")
        });
    }

    pub fn wait_until(&self, what: &str, seen: impl Fn(&[Line]) -> bool) {
        wait_for(what, Duration::from_secs(20), || {
            seen(&self.servers()).then_some(())
        });
    }

    /// When HAProxy last logged this about a server line since `from`, as in `said("srvs/web1",
    /// "DOWN", from)`.
    pub fn said(&self, server: &str, word: &str, from: f64) -> Option<f64> {
        let text = format!("Server {server} is {word}");
        let line = self.log.last(&text, from)?;
        Some(line.at)
    }

    /// Waits for that log line, and returns its time.
    pub fn wait_said(&self, server: &str, word: &str, from: f64) -> f64 {
        let what = format!("HAProxy to say that {server} is {word}");
        wait_for(&what, Duration::from_secs(20), || {
            self.said(server, word, from)
        })
    }

    /// Its log lines of failed requests: a server error, or no status at all.
    pub fn bad_requests(&self) -> Vec<String> {
        let text = self.process.out.text();
        let bad = |line: &&str| {
            [" 500 ", " 502 ", " 503 ", " 504 ", " -1 "]
                .iter()
                .any(|s| line.contains(s))
        };
        text.lines().filter(bad).map(str::to_owned).collect()
    }

    fn wait_until_it_answers(&mut self) {
        let socket = self.socket.clone();
        wait_for("HAProxy's socket", Duration::from_secs(20), || {
            let runs = self.process.is_running();
            assert!(runs, "HAProxy left:\n{}", self.process.err.text());
            UnixStream::connect(&socket).ok()
        });
    }
}
