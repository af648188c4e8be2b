//! The collection in `scripts/ansible`, with real Ansible over real ssh.

use std::process::Command;

use serde_json::Value;

use lab::agent::{Ended, Running};
use lab::ansible::Ansible;
use lab::estate::Estate;
use lab::settings::Settings;

mod adopting;
mod backend;
mod changes;
mod closing;
mod faults;
mod maintenance;
mod rolls;
mod states;
mod switching;

const ROLL: &str = "haproxy_gate.agent.rolling_restart";

/// The result of the module.
#[derive(Debug)]
struct ModuleResult {
    exit: i32,
    result: Value,
    out: String,
}

impl ModuleResult {
    fn of(ended: Ended) -> ModuleResult {
        // The module alone prints its result. Ansible prints `web1 | CHANGED => {...}`, after a diff if
        // the test asked for one.
        let result = ended.out.parse().ok().or_else(|| {
            let (_, result) = ended.out.split_once(" => ")?;
            result.parse().ok()
        });
        let result = result.unwrap_or_else(|| panic!("{}\n{}", ended.out, ended.err));
        ModuleResult {
            exit: ended.exit,
            result,
            out: ended.out,
        }
    }

    fn expect(self, changed: bool) -> Value {
        assert_eq!(self.exit, 0, "{:#}", self.result);
        assert_eq!(self.result["changed"], changed, "{:#}", self.result);
        self.result
    }

    /// One side of the diff: the lines before (`-`), or the lines after (`+`).
    fn side(&self, sign: char) -> Vec<&str> {
        let head = sign.to_string().repeat(3);
        let (diff, _) = self.out.split_once(" => ").expect("an answer");
        let lines = diff.lines().filter(|line| !line.starts_with(&head));
        lines
            .filter_map(|line| line.strip_prefix([sign, ' ']))
            .collect()
    }

    /// The module failed, with these words in its message.
    fn expect_failure(self, says: &[&str]) -> Value {
        assert_ne!(self.exit, 0, "{:#}", self.result);
        let message = self.result["msg"].as_str().expect("a message");
        for words in says {
            assert!(message.contains(words), "no {words:?} in: {message}");
        }
        self.result
    }
}

/// All hosts of the estate.
fn ansible(estate: &Estate) -> Ansible<'_> {
    named(estate, "ansible")
}

/// Ansible of another operator with this name.
fn named<'a>(estate: &'a Estate, name: &str) -> Ansible<'a> {
    let hosts = estate.site.hosts.iter().map(lab::site::Host::name);
    Ansible::create(&estate.operator, name, hosts, "")
}

fn start(command: &mut Command) -> Running {
    Running::start("ansible", command)
}

fn roll(ansible: &Ansible, words: &[&str]) -> Running {
    start(&mut ansible.playbook(ROLL, words))
}

/// The last message of a roll, line by line.
fn last_words(ended: &Ended) -> Vec<String> {
    let (_, message) = ended.out.rsplit_once("\"msg\": [").expect("a list");
    let (list, _) = message.split_once("\n    ]").expect("its end");
    let lines = list
        .lines()
        .map(|line| line.trim().trim_matches(['"', ',']));
    let lines = lines.filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// The last lines of the roll begin with these words: its end, and the result for each group of
/// hosts.
fn assert_last_words(ended: &Ended, wanted: &[&str]) {
    let lines = last_words(ended);
    assert_eq!(lines.len(), wanted.len(), "{lines:#?}");
    for (line, wanted) in lines.iter().zip(wanted) {
        assert!(line.starts_with(wanted), "{line:?} is not {wanted:?}");
    }
}

/// So many hosts, each of which needs so many other usable hosts.
fn with_floor(test: &str, hosts: usize, min_available: i64) -> Estate {
    let floor = |settings: Settings| settings.set("app.web.min_available", min_available);
    Estate::with(test, hosts, floor)
}
