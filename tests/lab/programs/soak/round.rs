//! One round: a host, a fault on it, and then the checks.

use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use fastrand::Rng;
use toml::Value;

use crate::account::Account;
use crate::fault::Fault;
use crate::operation::{Operation, says};
use lab::agent::Ended;
use lab::fleet::{Fleet, NUMBERS};
use lab::peak::Peaks;
use lab::site::Host;
use lab::traffic::InFlight;

/// The time of a restart, without the additions of a round.
const QUICK: Duration = Duration::from_millis(1200);

pub struct Round<'a> {
    pub fleet: &'a Fleet,
    pub account: &'a mut Account,
    peaks: &'a Peaks,
    pub rng: Rng,
    /// The host of this round.
    pub number: usize,
    /// Changed settings of its agents.
    pub settings: Vec<(&'static str, Value)>,
    pub by_command: bool,
    /// Its agents have HAProxy's master socket.
    pub by_master: bool,
    /// The expected time of a restart.
    pub takes: Duration,
    pub request: Option<InFlight>,
    /// The boots of each app before the round.
    pub boots_before: Vec<usize>,
    /// The boots that the round may add.
    pub boots: [RangeInclusive<usize>; NUMBERS.len()],
    /// An agent reported that an interrupted restart had happened.
    pub reported_boot: bool,
}

impl<'a> Round<'a> {
    pub fn new(
        fleet: &'a Fleet,
        peaks: &'a Peaks,
        account: &'a mut Account,
        mut rng: Rng,
    ) -> Round<'a> {
        let number = rng.usize(NUMBERS[0]..=NUMBERS[2]);
        Round {
            fleet,
            account,
            peaks,
            rng,
            number,
            settings: Vec::new(),
            by_command: false,
            by_master: false,
            takes: QUICK,
            request: None,
            boots_before: fleet.boots(),
            boots: [0..=0, 0..=0, 0..=0],
            reported_boot: false,
        }
    }

    /// False: something is broken, and the soak cannot repair it.
    pub fn play(mut self, fault: &Fault) -> bool {
        self.account.begin(fault.name, self.number);
        let before = self.account.violations.len();
        let played = catch_unwind(AssertUnwindSafe(|| {
            self.vary();
            (fault.play)(&mut self);
            self.settle();
        }));
        if let Err(panic) = played {
            self.account.violated(&said(panic.as_ref()));
        }
        self.account.violations.len() == before || self.repair()
    }

    pub fn one_in(&mut self, n: u32) -> bool {
        self.rng.u32(0..n) == 0
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(0..of.len())].clone()
    }

    pub fn millis(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.rng.u64(range))
    }

    /// A moment while a restart runs.
    pub fn moment(&mut self) -> Duration {
        let most = self.takes.as_millis() as u64;
        self.millis(0..most)
    }

    /// Another host than that of the round.
    pub fn another(&mut self) -> usize {
        NUMBERS[(self.number + self.rng.usize(0..2)) % NUMBERS.len()]
    }

    /// Measures the memory and open files of another agent.
    pub fn look_at(&self, pid: u32) {
        self.peaks.look_at(pid);
    }

    pub fn host(&self) -> &'a Host {
        self.fleet.host(self.number)
    }

    pub fn start_on(&self, number: usize, verb: &'static str) -> Operation<'a> {
        self.start_with(number, verb, &[])
    }

    fn start_with(&self, number: usize, verb: &'static str, options: &[&str]) -> Operation<'a> {
        let (host, agent) = (self.fleet.host(number), self.agent(number));
        Operation::start(host, &agent, verb, options, self.peaks)
    }

    pub fn start(&self, verb: &'static str) -> Operation<'a> {
        self.start_on(self.number, verb)
    }

    /// Waits for its end, and checks the exit code.
    pub fn end(&mut self, operation: Operation, detail: &str, exits: &[i32]) -> Ended {
        let (number, verb) = (operation.host.number, operation.verb);
        let ended = operation.end();
        let (ended, seconds) =
            ended.unwrap_or_else(|| panic!("`agent {verb} web` on web{number} hangs"));
        self.account
            .operation(number, verb, ended.exit, seconds, detail);
        if !exits.contains(&ended.exit) {
            let (out, err) = (ended.out.trim(), ended.err.trim());
            let what = format!(
                "{verb} exits with {}, not {exits:?}: {out} {err}",
                ended.exit
            );
            self.account.violated(&what);
        }
        self.reported_boot |= says(&ended, "the agent finishes it");
        ended
    }

    pub fn run(&mut self, verb: &'static str, exits: &[i32]) -> Ended {
        let operation = self.start(verb);
        self.end(operation, "", exits)
    }

    /// The same with an option.
    pub fn run_with(&mut self, verb: &'static str, option: &str, exits: &[i32]) -> Ended {
        let operation = self.start_with(self.number, verb, &[option]);
        self.end(operation, option, exits)
    }

    pub fn run_if(&mut self, wanted: bool, verb: &'static str) {
        if wanted {
            self.run(verb, &[0]);
        }
    }

    pub fn violated(&mut self, what: &str) {
        self.account.violated(what);
    }

    /// How often the host's app may have booted in this round.
    pub fn booted(&mut self, times: RangeInclusive<usize>) {
        self.boots[self.number - 1] = times;
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "a panic".to_owned())
}
