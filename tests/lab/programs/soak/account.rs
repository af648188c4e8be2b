//! The results so far. It prints each operation and each violated check as it comes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lab::load::record::Event;
use lab::now;

/// The exit code of an agent that a signal ended.
pub const KILLED: i32 = -1;

const WIDTH: usize = 80;

pub struct Account {
    pub seed: u64,
    started: Instant,
    pub operations: BTreeMap<(&'static str, i32), usize>,
    pub faults: BTreeMap<&'static str, usize>,
    rounds: Vec<Begun>,
    pub violations: Vec<String>,
    /// Slow requests of the rounds, and those without a good answer.
    pub slow: usize,
    pub unanswered: usize,
    /// HAProxy's econ + eresp + wretr + wredis, of replaced workers.
    pub trouble: u64,
    failed: usize,
    troubled: u64,
}

/// The start of each round in Unix seconds, and its name.
struct Begun {
    at: f64,
    name: String,
}

impl Account {
    pub fn new(seed: u64) -> Account {
        Account {
            seed,
            started: Instant::now(),
            operations: BTreeMap::new(),
            faults: BTreeMap::new(),
            rounds: Vec::new(),
            violations: Vec::new(),
            slow: 0,
            unanswered: 0,
            trouble: 0,
            failed: 0,
            troubled: 0,
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub fn begin(&mut self, fault: &'static str, host: usize) {
        *self.faults.entry(fault).or_default() += 1;
        let name = format!("round {}, web{host}, {fault}", self.rounds.len() + 1);
        self.rounds.push(Begun { at: now(), name });
    }

    pub fn operation(
        &mut self,
        host: usize,
        verb: &'static str,
        exit: i32,
        seconds: f64,
        detail: &str,
    ) {
        *self.operations.entry((verb, exit)).or_default() += 1;
        let (time, round) = (clock(self.elapsed().as_secs()), self.rounds.len());
        let exit = exit_text(exit);
        let start = format!("{time} {round:>3} web{host} {verb:<7} {exit:>6} {seconds:4.1} s");
        let line = format!("{start}  {detail}");
        println!("{}", line.chars().take(WIDTH).collect::<String>());
    }

    pub fn violated(&mut self, what: &str) {
        let round = self.rounds.last().map_or("", |round| &round.name);
        let violation = format!("{round}: {what}");
        println!("! {violation}");
        self.violations.push(violation);
    }

    /// Prints the number of requests that failed since the last call.
    pub fn report_failed(&mut self, failed: usize) {
        if failed > self.failed {
            println!("! {} requests failed", failed - self.failed);
        }
        self.failed = failed;
    }

    /// Prints how often HAProxy tried again since the last call. No user noticed that.
    pub fn report_trouble(&mut self, of_this_worker: u64) {
        let troubled = self.trouble + of_this_worker;
        if troubled > self.troubled {
            println!("  {} retries of HAProxy", troubled - self.troubled);
        }
        self.troubled = troubled;
    }

    /// An event of a user, and its round.
    pub fn event(&self, event: &Event) -> String {
        let round = self.rounds.iter().rev().find(|round| round.at <= event.at);
        let first = self.rounds.first().map_or(event.at, |round| round.at);
        let time = clock((event.at - first) as u64);
        let round = round.map_or("no round", |round| &round.name);
        let (what, kind) = (&event.what, &event.kind);
        format!("{what}, {kind}, at {time}\n{:20}in {round}", "")
    }

    pub fn is_well(&self) -> bool {
        self.violations.is_empty() && self.unanswered == 0
    }
}

pub fn exit_text(exit: i32) -> String {
    match exit {
        KILLED => "killed".to_owned(),
        exit => exit.to_string(),
    }
}

pub fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}
