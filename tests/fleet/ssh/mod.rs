//! `scripts/rolling-restart` against real hosts, as an operator calls it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use lab::agent::{Ended, Running};
use lab::estate::Estate;
use lab::settings::Settings;
use lab::wait_for;

mod batches;
mod between;
mod closing;
mod faults;
mod forty;
mod interrupts;
mod maintenance;
mod operators;
mod replacing;
mod schema;
mod switching;
mod upgrades;
mod whole;

/// Its final answer with `--json`.
#[derive(Debug, Deserialize)]
struct Rolled {
    outcome: String,
    exit: i32,
    message: String,
    batches: Vec<Vec<String>>,
    hosts: Vec<Fate>,
    record: Option<PathBuf>,
    go_on: Option<String>,
    approvals: Vec<serde_json::Value>,
    /// As it was printed.
    #[serde(skip)]
    text: String,
}

/// The result for one host.
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
        let rolled: Rolled =
            rolled.unwrap_or_else(|error| panic!("{error}: {}\n{}", ended.out, ended.err));
        let text = ended.out.clone();
        Rolled { text, ..rolled }
    }

    fn host(&self, number: usize) -> &Fate {
        let name = format!("web{number}");
        let found = self.hosts.iter().find(|one| one.host == name);
        found.unwrap_or_else(|| panic!("no {name} in {self:#?}"))
    }

    /// The outcome of the agent on each host.
    fn outcomes(&self) -> Vec<&str> {
        let reports = self.hosts.iter().map(|host| host.agent.as_ref());
        let words = reports.map(|one| one.and_then(|report| report["outcome"].as_str()));
        words.map(|word| word.unwrap_or("no report")).collect()
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

    /// The seconds of the agents, from their own reports.
    fn agents_seconds(&self) -> f64 {
        let reports = self.hosts.iter().filter_map(|one| one.agent.as_ref());
        reports.filter_map(|one| one["seconds"].as_f64()).sum()
    }

    /// Each host went through all phases once: no agent gave way to another.
    fn assert_no_host_gave_way(&self) {
        for host in &self.hosts {
            let report = host.agent.as_ref().expect("a report");
            let phases = report["phases"].as_array().expect("phases");
            let gave_way = phases.iter().any(|one| one["phase"] == "back_off");
            assert!(!gave_way, "{host:#?}");
        }
    }
}

/// The operator's actions on an estate over SSH.
trait Rolling {
    fn rolling(&self, words: &[&str]) -> Command;
    fn start_roll(&self, words: &[&str]) -> Running;
    fn roll(&self, words: &[&str], exit: i32) -> Rolled;
    fn go_on(&self, rolled: &Rolled, exit: i32) -> Rolled;
    fn assert_no_record(&self);
    fn assert_no_connection(&self);
}

impl Rolling for Estate {
    /// `rolling-restart --json WORDS`.
    fn rolling(&self, words: &[&str]) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/rolling-restart");
        let mut command = self.operator.command("setpriv");
        // After a milder signal it would wait for hosts that are gone with the test.
        command.args(["--pdeathsig", "KILL"]).arg(script);
        command.arg("-F").arg(self.operator.ssh_config());
        command.arg("--json").args(words);
        command.env("XDG_STATE_HOME", self.operator.dir.join("state"));
        // The folder for the sockets of its connections.
        command.env("TMPDIR", &self.operator.dir);
        command
    }

    /// Starts a roll of all hosts, in order.
    fn start_roll(&self, words: &[&str]) -> Running {
        let names: Vec<String> = self.site.hosts.iter().map(lab::site::Host::name).collect();
        let mut command = self.rolling(words);
        Running::start("rolling-restart", command.args(names))
    }

    fn roll(&self, words: &[&str], exit: i32) -> Rolled {
        Rolled::of(&self.start_roll(words).wait().expect_exit(exit))
    }

    /// Goes on with the command from the last roll.
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

    /// This operator has no unfinished roll.
    fn assert_no_record(&self) {
        let folder = self.operator.dir.join("state/haproxy-gate");
        let left: Vec<_> = std::fs::read_dir(folder).expect("a folder").collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// No connection stays open, and no socket of one exists.
    fn assert_no_connection(&self) {
        let files = std::fs::read_dir(&self.operator.dir)
            .expect("a folder")
            .flatten();
        let mut names = files.map(|file| file.file_name().to_string_lossy().into_owned());
        assert!(!names.any(|name| name.starts_with("rolling-")));
        for remote in &self.remotes {
            // sshd needs a moment after the end of its client.
            let what = format!("the sessions of host {} to end", remote.number);
            wait_for(&what, Duration::from_secs(10), || {
                let programs = remote.sh("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '");
                (!programs.contains("sshd: root")).then_some(())
            });
        }
    }
}

/// Eight hosts, each of which needs so many other usable hosts.
fn eight(test: &str, min_available: i64) -> Estate {
    let floor = |settings: Settings| settings.set("app.web.min_available", min_available);
    Estate::with(test, 8, floor)
}

/// Eight hosts. The third one gives up an app that is sick after a second.
fn hurried(test: &str) -> Estate {
    let estate = Estate::of(test, 8);
    estate.remote(3).hurry();
    estate
}
