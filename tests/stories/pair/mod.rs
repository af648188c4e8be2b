//! A host on paper with two targets of one app: blue serves, green is to serve. HAProxy notices their
//! gates some looks later, requests end one by one. What must always hold is checked at each step.

mod acts;
mod haproxy;
mod holds;
mod host;

pub use haproxy::Balancer;

use crate::paper::{Death, Trace};
use haproxy_gate::restart::GroupLock;
use haproxy_gate::restart::switch::{How, Part};
use std::path::PathBuf;

/// The names of the old and of the new target.
pub const NAMES: [&str; 2] = ["blue", "green"];

/// Old, new.
pub const PARTS: [Part; 2] = [Part::Old, Part::New];

pub fn index(part: Part) -> usize {
    match part {
        Part::Old => 0,
        Part::New => 1,
    }
}

/// What happens to the host.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Signal(i32),
    /// The target refuses all connections.
    Sick(Part),
    Well(Part),
    /// The target answers with 500.
    Errs(Part),
    /// Another process moves the gates of a target.
    Gates(Part, bool),
    /// Another process flushes the nat table.
    Flush,
    /// This balancer is reloaded: the leaving worker keeps what is in flight, and the new one begins
    /// with all lines UP.
    Reload(usize),
    /// This balancer's machine is gone.
    Gone(usize),
    /// It can't be asked for so long.
    Blind(usize, u32),
    /// The journal can't be written any more.
    DiskFull,
    /// iptables fails so many times.
    RulesFail(u32),
}

/// An event at this look of a phase. The look 0 is the phase's action.
#[derive(Debug, Clone)]
pub struct At(pub &'static str, pub u32, pub Event);

/// One target.
#[derive(Debug, Clone)]
pub struct Target {
    /// Main and twin.
    pub gates: [bool; 2],
    pub runs: bool,
    pub parked: bool,
    pub healthy_from: u32,
    pub is_sick: bool,
    pub errs: bool,
}

/// The intent, as it is recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    pub current: Part,
    /// The idle target that runs, and whether its time ends.
    pub ready: Option<(Part, bool)>,
}

/// The script of a story. Times are in ticks.
#[derive(Clone)]
pub struct Pair {
    pub now: u32,
    pub trace: Trace,
    /// Blue and green.
    pub targets: [Target; 2],
    pub balancers: Vec<Balancer>,
    /// Master sockets show what leaving workers carry.
    pub has_masters: bool,
    pub record: Record,
    pub twins: bool,
    /// Users with a cookie of blue come for so long after its main line is DOWN.
    pub sticky: u32,
    /// No user sends a request.
    pub is_quiet: bool,
    /// Requests on blue never end.
    pub endless: bool,
    pub prepare_fails: bool,
    pub start_fails: bool,
    pub verify_fails: bool,
    pub stop_fails: bool,
    /// From its start until green is healthy; None: never.
    pub healthy_after: Option<u32>,
    /// HAProxy never shows these lines UP, or never DOWN.
    pub never_up: Option<Part>,
    pub never_down: Option<Part>,
    pub script: Vec<At>,
    pub death: Death,
    /// Where to kill this story: later looks of a phase are like the ones before, unless something
    /// happens.
    pub moments: Vec<Death>,
    pub state_dir: PathBuf,
    /// The switch may stop a target with requests in flight.
    pub proceeds: bool,
    pub prepared: u32,
    pub started: u32,
    /// Green is what ran there before the switch.
    pub ran_before: bool,
    pub served: u64,
    /// Requests that no healthy target has got, and whether the agent could not help it.
    pub lost: u64,
    pub is_harmed: bool,
    pub signal: Option<i32>,
    pub rules_fail: u32,
    /// What the group's lock shows, each from that tick on.
    pub lock: Vec<(u32, GroupLock)>,
    pub moved: bool,
    /// The idle target could not be parked, and the agent has said so.
    pub not_parked: bool,
    /// The phase, and its looks so far.
    pub looks: (&'static str, u32),
    /// The last look at which another process moved gates.
    pub tampered: Option<u32>,
    /// Looks in a row without an open and healthy target.
    pub outage: u32,
}

impl Target {
    fn new(serves: bool, runs: bool) -> Target {
        Target {
            gates: [serves; 2],
            runs,
            parked: !serves,
            healthy_from: 0,
            is_sick: false,
            errs: false,
        }
    }

    pub fn is_healthy(&self, now: u32) -> bool {
        self.runs && !self.is_sick && now >= self.healthy_from
    }

    pub fn is_open(&self) -> bool {
        self.gates == [true; 2]
    }

    pub fn is_closed(&self) -> bool {
        self.gates == [false; 2]
    }
}

impl Pair {
    /// At rest, before a switch of this kind.
    pub fn new(how: How) -> Pair {
        let (old, new, record) = match how {
            How::Start => (
                Target::new(true, true),
                Target::new(false, false),
                (Part::Old, None),
            ),
            How::Back => {
                let ready = Some((Part::New, true));
                (
                    Target::new(true, true),
                    Target::new(false, true),
                    (Part::Old, ready),
                )
            }
            // The drain of the last switch ran out, so blue is not parked.
            How::Finish => {
                let idle = Target {
                    parked: false,
                    ..Target::new(false, true)
                };
                let ready = Some((Part::Old, false));
                (idle, Target::new(true, true), (Part::New, ready))
            }
        };
        let targets = [old, new];
        let (current, ready) = record;
        Pair {
            now: 0,
            trace: Trace::default(),
            balancers: vec![Balancer::new("lb", 3, &targets)],
            has_masters: true,
            targets,
            record: Record { current, ready },
            twins: true,
            sticky: 0,
            is_quiet: false,
            endless: false,
            prepare_fails: false,
            start_fails: false,
            verify_fails: false,
            stop_fails: false,
            healthy_after: Some(5),
            never_up: None,
            never_down: None,
            script: Vec::new(),
            death: Death::default(),
            moments: Vec::new(),
            state_dir: PathBuf::new(),
            proceeds: false,
            prepared: 0,
            started: 0,
            ran_before: false,
            served: 0,
            lost: 0,
            is_harmed: false,
            signal: None,
            rules_fail: 0,
            moved: false,
            not_parked: false,
            looks: ("", 0),
            lock: Vec::new(),
            tampered: None,
            outage: 0,
        }
    }

    /// The same with a new target that runs already: the last switch has kept it.
    pub fn with_a_warm_target(mut self) -> Pair {
        (self.of_mut(Part::New).runs, self.ran_before) = (true, true);
        self.record.ready = Some((Part::New, true));
        self
    }

    /// The same with a second balancer, which notices a gate a look later.
    pub fn with_two_balancers(self) -> Pair {
        let mut balancers = self.balancers;
        balancers.push(Balancer::new("lb2", 4, &self.targets));
        Pair { balancers, ..self }
    }

    /// The same with these events.
    pub fn with(self, script: impl Into<Vec<At>>) -> Pair {
        Pair {
            script: script.into(),
            ..self
        }
    }

    pub fn of(&self, part: Part) -> &Target {
        &self.targets[index(part)]
    }

    fn of_mut(&mut self, part: Part) -> &mut Target {
        &mut self.targets[index(part)]
    }

    pub fn say(&self, what: &str) {
        self.trace.happens(self.now, what);
    }

    /// A dead process forgets its signal. The journal's disk has room again.
    pub fn is_run_again(&mut self) {
        (self.signal, self.death) = (None, Death::default());
        (self.rules_fail, self.looks) = (0, ("", 0));
        let full = self.full();
        if full.exists() {
            std::fs::rename(full, &self.state_dir).unwrap();
        }
    }

    fn full(&self) -> PathBuf {
        self.state_dir.with_extension("full")
    }

    fn looks(&mut self) -> (&'static str, u32) {
        if self.looks.0 != self.trace.phase() {
            self.looks = (self.trace.phase(), 0);
        }
        self.looks
    }

    /// Lets the events of this moment happen. True: this moment is worth a kill.
    fn events(&mut self) -> bool {
        let (phase, looks) = self.looks();
        let (due, later) = std::mem::take(&mut self.script)
            .into_iter()
            .partition(|At(at, look, _)| *at == phase && *look == looks);
        self.script = later;
        let due: Vec<At> = due;
        let is_new = looks <= 2 || !due.is_empty();
        due.into_iter()
            .for_each(|At(_, _, event)| self.happens(event));
        is_new
    }

    fn happens(&mut self, event: Event) {
        let named = |part| NAMES[index(part)];
        self.is_harmed |= matches!(event, Event::Sick(_) | Event::Gates(..) | Event::Flush);
        match event {
            Event::Signal(signal) => {
                self.say(&format!("signal {signal}"));
                self.signal = Some(signal);
            }
            Event::Sick(part) | Event::Well(part) => {
                let is_sick = event == Event::Sick(part);
                let word = if is_sick { "falls sick" } else { "recovers" };
                self.say(&format!("{} {word}", named(part)));
                self.of_mut(part).is_sick = is_sick;
            }
            Event::Errs(part) => {
                self.say(&format!("{} answers with 500", named(part)));
                self.of_mut(part).errs = true;
            }
            Event::Gates(part, open) => {
                let word = if open { "opens" } else { "closes" };
                self.say(&format!(
                    "another process {word} the gates of {}",
                    named(part)
                ));
                self.of_mut(part).gates = [open; 2];
                self.tampered = Some(self.now);
            }
            Event::Flush => {
                self.say("another process flushes the nat table");
                let all = self.targets.iter_mut();
                all.for_each(|one| (one.gates, one.parked) = ([false; 2], false));
                self.tampered = Some(self.now);
            }
            Event::Reload(at) => self.reloads(at),
            Event::Gone(at) => {
                self.say(&format!("{} is gone", self.balancers[at].name));
                self.balancers[at].goes();
            }
            Event::Blind(at, looks) => self.balancers[at].blind_until = self.now + looks,
            Event::DiskFull => {
                self.say("the disk is full");
                std::fs::rename(&self.state_dir, self.full()).unwrap();
            }
            Event::RulesFail(times) => self.rules_fail = times,
        }
    }

    fn tick(&mut self) {
        let (phase, looks) = self.looks();
        (self.now, self.looks) = (self.now + 1, (phase, looks + 1));
        if self.events() {
            self.moments.push(Death::at_look(self.now));
        }
        self.haproxy_looks();
        self.holds("a look");
    }

    /// One line for the end of a story.
    pub fn left(&self) -> String {
        let word = |is: bool, yes, no| if is { yes } else { no };
        let of = |part: Part| {
            let one = self.of(part);
            let gates = match one.gates {
                [true, true] => "open",
                [false, false] => "closed",
                _ => "half open",
            };
            format!(
                "{} {gates}, {}, {}",
                NAMES[index(part)],
                word(one.runs, "runs", "stopped"),
                word(one.parked, "parked", "not parked")
            )
        };
        let ready = self.record.ready.map(|(part, ends)| {
            let end = word(ends, "for a while", "until --finish");
            format!(", {} ready {end}", NAMES[index(part)])
        });
        format!(
            "{}; {}; recorded: {}{}; requests lost: {}",
            of(Part::Old),
            of(Part::New),
            NAMES[index(self.record.current)],
            ready.unwrap_or_default(),
            self.lost
        )
    }
}
