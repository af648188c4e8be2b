//! `scripts/rolling-restart`, as an operator calls it, against real hosts.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use lab::agent::{Ended, Running};
use lab::estate::Estate;
use lab::settings::Settings;
use lab::traffic::InFlight;

mod batches;
mod faults;
mod forty;
mod interrupts;
mod operators;
mod upgrades;

/// What it says in the end, with `--json`.
#[derive(Debug, Deserialize)]
struct Rolled {
    outcome: String,
    exit: i32,
    message: String,
    batches: Vec<Vec<String>>,
    hosts: Vec<Fate>,
    record: Option<PathBuf>,
    go_on: Option<String>,
}

/// What came of one host.
#[derive(Debug, Deserialize)]
struct Fate {
    host: String,
    state: String,
    exit: Option<i32>,
    message: String,
    /// The agent's own report.
    agent: Option<serde_json::Value>,
}

impl Rolled {
    fn of(ended: &Ended) -> Rolled {
        let rolled = serde_json::from_str(&ended.out);
        rolled.unwrap_or_else(|error| panic!("{error}: {}\n{}", ended.out, ended.err))
    }

    fn host(&self, number: usize) -> &Fate {
        let name = format!("web{number}");
        let found = self.hosts.iter().find(|one| one.host == name);
        found.unwrap_or_else(|| panic!("no {name} in {self:#?}"))
    }

    /// The numbers of the hosts that are in this state.
    fn in_state(&self, state: &str) -> Vec<usize> {
        let hosts = self.hosts.iter().filter(|one| one.state == state);
        let mut numbers: Vec<usize> = hosts
            .map(|one| one.host[3..].parse().expect("web and a number"))
            .collect();
        numbers.sort_unstable();
        numbers
    }

    /// What the agents took, by their own reports.
    fn agents_seconds(&self) -> f64 {
        let reports = self.hosts.iter().filter_map(|one| one.agent.as_ref());
        reports.filter_map(|one| one["seconds"].as_f64()).sum()
    }

    /// Each host has gone through all of it: no agent had to give way to another.
    fn assert_no_host_gave_way(&self) {
        for host in &self.hosts {
            let report = host.agent.as_ref().expect("a report");
            let phases = report["phases"].as_array().expect("phases");
            let gave_way = phases.iter().any(|one| one["phase"] == "back_off");
            assert!(!gave_way, "{host:#?}");
        }
    }
}

/// What an operator does with an estate over SSH.
trait Rolling {
    fn rolling(&self, words: &[&str]) -> Command;
    fn start_roll(&self, words: &[&str]) -> Running;
    fn roll(&self, words: &[&str], exit: i32) -> Rolled;
    fn go_on(&self, rolled: &Rolled, exit: i32) -> Rolled;
    fn slow_request(&self, number: usize, ms: u64) -> InFlight;
    fn assert_no_record(&self);
    fn assert_no_connection(&self);
}

impl Rolling for Estate {
    /// `rolling-restart --json WORDS`.
    fn rolling(&self, words: &[&str]) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/rolling-restart");
        let mut command = self.operator.command("setpriv");
        // By a milder signal it would let hosts finish that are gone with the test.
        command.args(["--pdeathsig", "KILL"]).arg(script);
        command.arg("-F").arg(self.operator.ssh_config());
        command.arg("--json").args(words);
        command.env("XDG_STATE_HOME", self.operator.dir.join("state"));
        // Where the sockets of its connections are.
        command.env("TMPDIR", &self.operator.dir);
        command
    }

    /// Of all hosts, in order.
    fn start_roll(&self, words: &[&str]) -> Running {
        let names: Vec<String> = self.site.hosts.iter().map(lab::site::Host::name).collect();
        let mut command = self.rolling(words);
        Running::start("rolling-restart", command.args(names))
    }

    fn roll(&self, words: &[&str], exit: i32) -> Rolled {
        Rolled::of(&self.start_roll(words).wait().expect_exit(exit))
    }

    /// Goes on as the last roll has said.
    fn go_on(&self, rolled: &Rolled, exit: i32) -> Rolled {
        let words = rolled.go_on.as_ref().expect("a command that goes on");
        let resume = words.split_once(' ').expect("words").1;
        let mut command = self.rolling(&resume.split(' ').collect::<Vec<_>>());
        Rolled::of(
            &Running::start("rolling-restart", &mut command)
                .wait()
                .expect_exit(exit),
        )
    }

    /// A request to a host of the first HAProxy that is answered after so many ms, by a user
    /// who has its cookie.
    fn slow_request(&self, number: usize, ms: u64) -> InFlight {
        let (path, cookie) = (format!("/slow?ms={ms}"), format!("w{number}"));
        let request = InFlight::send(&self.site.balancer, "10.77.0.1:80", &path, Some(&cookie));
        let line = format!("web{number}");
        self.haproxies[0].wait_until("the request is in flight", |lines| {
            let line = lines.iter().find(|one| one.get("svname") == line);
            line.is_some_and(|line| line.number("scur") > 0)
        });
        request
    }

    /// No roll of this operator is unfinished.
    fn assert_no_record(&self) {
        let folder = self.operator.dir.join("state/haproxy-gate");
        let left: Vec<_> = std::fs::read_dir(folder).expect("a folder").collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// No connection was left open, and no socket of one.
    fn assert_no_connection(&self) {
        let files = std::fs::read_dir(&self.operator.dir)
            .expect("a folder")
            .flatten();
        let mut names = files.map(|file| file.file_name().to_string_lossy().into_owned());
        assert!(!names.any(|name| name.starts_with("rolling-")));
        for remote in &self.remotes {
            let sessions = remote.sh("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '");
            assert!(
                !sessions.contains("sshd: root"),
                "{}: {sessions}",
                remote.number
            );
        }
    }
}

/// Eight hosts, of which so many others must be usable.
fn eight(test: &str, min_available: i64) -> Estate {
    let floor = |settings: Settings| settings.set("app.web.min_available", min_available);
    Estate::with(test, 8, floor)
}

/// Eight hosts whose apps are soon given up.
fn hurried(test: &str) -> Estate {
    let hurried = |settings: Settings| settings.set("app.web.timeouts.healthy", "1s");
    Estate::with(test, 8, hurried)
}
