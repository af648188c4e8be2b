//! The balancers of the host on paper: what they show of each line, and where they send users.

use super::{NAMES, PARTS, Pair, Target, index};
use crate::paper;
use haproxy_gate::haproxy::{
    Answer, BackendErrors, BalancerObservation, ErrorCounts, Leaving, Mode, Role, ServerLine,
    Status, Worker,
};
use haproxy_gate::restart::Ask;
use haproxy_gate::restart::switch::Part;

/// Requests in flight, by the target that works on them: a parked port redirects to the other one.
#[derive(Debug, Clone, Copy, Default)]
struct Carried {
    here: u64,
    there: u64,
}

impl Carried {
    fn all(self) -> u64 {
        self.here + self.there
    }

    fn one_ends(&mut self) {
        self.here = self.here.saturating_sub(1);
        self.there = self.there.saturating_sub(1);
    }
}

/// The line of one target, main or twin.
#[derive(Debug, Clone, Default)]
struct Line {
    shown: bool,
    /// What its check finds, and since when.
    passes: (bool, u32),
    carried: Carried,
    /// On a leaving worker.
    leaving: Carried,
    sessions: u64,
    failed: u64,
}

/// One balancer.
#[derive(Debug, Clone)]
pub struct Balancer {
    pub name: &'static str,
    /// How long its checks take to notice something.
    lag: u32,
    pub blind_until: u32,
    is_gone: bool,
    /// Its last reload, and how many there were.
    reloaded: (Option<u32>, u64),
    /// Of each target: main and twin.
    lines: [[Line; 2]; 2],
}

/// Requests that one line takes between two looks.
const REQUESTS: u64 = 5;

impl Balancer {
    pub fn new(name: &'static str, lag: u32, targets: &[Target; 2]) -> Balancer {
        let lines = targets.each_ref().map(|target| {
            target.gates.map(|open| Line {
                shown: open && target.runs,
                passes: (open && target.runs, 0),
                ..Line::default()
            })
        });
        let mut balancer = Balancer {
            name,
            lag,
            blind_until: 0,
            is_gone: false,
            reloaded: (None, 0),
            lines,
        };
        for ([main, _], target) in balancer.lines.iter_mut().zip(targets) {
            main.carried.here = match (main.shown, target.parked) {
                (true, _) => 2,
                // Its drain ran out.
                (false, false) => 1,
                (false, true) => 0,
            };
        }
        balancer
    }

    pub fn goes(&mut self) {
        self.is_gone = true;
        for line in self.lines.iter_mut().flatten() {
            (line.carried, line.leaving) = (Carried::default(), Carried::default());
        }
    }

    /// Its worker has just begun, and has checked nothing.
    fn is_young(&self, now: u32) -> bool {
        self.reloaded.0.is_some_and(|at| now < at + self.lag)
    }

    /// It sends no user to this target: each of its lines is DOWN.
    pub fn shows_down(&self, part: Part) -> bool {
        self.is_gone || self.lines[index(part)].iter().all(|line| !line.shown)
    }

    /// What this target works on for it, also what came by the other one's parked port.
    fn busy(&self, part: Part) -> u64 {
        let own = self.lines[index(part)].iter();
        let own = own.map(|line| line.carried.here + line.leaving.here);
        own.sum::<u64>() + self.brought(part)
    }

    /// What came to this target by the other one's parked port.
    fn brought(&self, part: Part) -> u64 {
        let other = self.lines[index(part.other())].iter();
        let other = other.map(|line| line.carried.there + line.leaving.there);
        other.sum()
    }

    fn lines(&self, part: Part, twins: bool, is_young: bool) -> Vec<ServerLine> {
        let [main, twin] = &self.lines[index(part)];
        let all = [(main, Role::Main, "w1"), (twin, Role::Twin, "t1")];
        let all = all
            .into_iter()
            .filter(|(_, role, _)| twins || *role == Role::Main);
        let shown = all.map(|(line, role, server)| {
            let name = format!("srvs/{server}-{}", NAMES[index(part)]);
            let all = ServerLine {
                sessions: line.sessions,
                connections: Some(line.carried.all()),
                ..paper::line(&name, role, line.shown, line.carried.all())
            };
            match is_young {
                true => ServerLine {
                    status: Status::parse("UP 1/3").unwrap(),
                    proven: false,
                    ..all
                },
                false => all,
            }
        });
        shown.collect()
    }

    fn errors(&self, part: Part) -> BackendErrors {
        let [main, twin] = &self.lines[index(part)];
        let tries = main.sessions + twin.sessions;
        let ours = ErrorCounts {
            tries,
            requests: tries,
            answers_5xx: main.failed + twin.failed,
            ..ErrorCounts::default()
        };
        BackendErrors {
            backend: "srvs".to_owned(),
            ours,
            others: ErrorCounts::default(),
        }
    }

    fn leaves(&self, part: Part) -> Vec<Leaving> {
        let names = ["w1", "t1"].map(|server| format!("srvs/{server}-{}", NAMES[index(part)]));
        let lines = self.lines[index(part)].iter().zip(names);
        let carry = lines.filter(|(line, _)| line.leaving.all() > 0);
        let leaving = carry.map(|(line, name)| Leaving {
            pid: 7,
            line: name,
            in_flight: line.leaving.all(),
            mode: Mode::Http,
        });
        leaving.collect()
    }
}

impl Pair {
    /// What this target works on.
    pub fn busy(&self, part: Part) -> u64 {
        self.balancers.iter().map(|one| one.busy(part)).sum()
    }

    pub(super) fn brought(&self, part: Part) -> u64 {
        self.balancers.iter().map(|one| one.brought(part)).sum()
    }

    pub(super) fn reloads(&mut self, at: usize) {
        self.say(&format!("{} is reloaded", self.balancers[at].name));
        let (now, balancer) = (self.now, &mut self.balancers[at]);
        balancer.reloaded = (Some(now), balancer.reloaded.1 + 1);
        for line in balancer.lines.iter_mut().flatten() {
            line.leaving = std::mem::take(&mut line.carried);
            (line.shown, line.sessions, line.failed) = (true, 0, 0);
        }
    }

    /// Checks, then users, at each balancer.
    pub(super) fn haproxy_looks(&mut self) {
        for at in 0..self.balancers.len() {
            if self.balancers[at].is_gone {
                continue;
            }
            for part in PARTS {
                (0..2).for_each(|side| self.checks(at, part, side));
            }
            for part in PARTS {
                self.ends_some(at, part);
                self.sends(at, part);
            }
            if self.balancers[at]
                .lines
                .iter()
                .flatten()
                .all(|line| !line.shown)
            {
                self.lost += REQUESTS;
            }
        }
    }

    fn checks(&mut self, at: usize, part: Part, side: usize) {
        let (now, target) = (self.now, self.of(part));
        let is_there = self.twins || side == 0;
        let passes = is_there && target.gates[side] && target.is_healthy(now);
        let is_stuck = match passes {
            true => self.never_up == Some(part),
            false => self.never_down == Some(part),
        };
        let balancer = &mut self.balancers[at];
        let (lag, is_young) = (balancer.lag, balancer.is_young(now));
        let line = &mut balancer.lines[index(part)][side];
        if line.passes.0 != passes {
            line.passes = (passes, now);
        }
        if now >= line.passes.1 + lag && !is_young && !is_stuck {
            line.shown = passes;
        }
    }

    fn ends_some(&mut self, at: usize, part: Part) {
        let (now, endless) = (self.now, self.endless && part == Part::Old);
        let balancer = &mut self.balancers[at];
        // The requests take longer than the new worker needs to notice the gates.
        let leaves = balancer.reloaded.0.is_some_and(|at| now >= at + 10);
        for line in balancer.lines[index(part)].iter_mut().filter(|_| !endless) {
            if !line.shown {
                line.carried.one_ends();
            }
            if leaves {
                line.leaving.one_ends();
            }
        }
    }

    fn sends(&mut self, at: usize, part: Part) {
        let [main, twin] = &self.balancers[at].lines[index(part)];
        let is_sticky = self.sticky > 0 && part == Part::Old && !main.shown && twin.shown;
        if main.shown {
            self.sends_to(at, part, 0, REQUESTS);
        }
        if is_sticky && self.twins {
            self.sticky -= 1;
            self.sends_to(at, part, 1, 1);
        } else {
            self.balancers[at].lines[index(part)][1].carried = Carried::default();
        }
    }

    fn sends_to(&mut self, at: usize, part: Part, side: usize, requests: u64) {
        let serves = match self.of(part).parked {
            true => part.other(),
            false => part,
        };
        let target = self.of(serves);
        let (is_lost, errs) = (!target.is_healthy(self.now), target.errs);
        let line = &mut self.balancers[at].lines[index(part)][side];
        line.sessions += requests;
        line.failed += if is_lost || errs { requests } else { 0 };
        let carried = match serves == part {
            true => &mut line.carried.here,
            false => &mut line.carried.there,
        };
        *carried = if is_lost { 0 } else { 2 };
        self.served += requests;
        self.lost += if is_lost { requests } else { 0 };
    }

    pub(super) fn shows(&self, part: Part, ask: Ask) -> Vec<BalancerObservation> {
        let all = self.balancers.iter();
        all.map(|balancer| self.shown_by(balancer, part, ask))
            .collect()
    }

    fn shown_by(&self, balancer: &Balancer, part: Part, ask: Ask) -> BalancerObservation {
        let (reloaded, times) = balancer.reloaded;
        let worker = Worker {
            version: "3.0.0".to_owned(),
            pid: 8 + times,
            uptime: u64::from(self.now),
            started: times,
        };
        let answer = Answer {
            lines: balancer.lines(part, self.twins, balancer.is_young(self.now)),
            backends: Vec::new(),
            leaving: (ask == Ask::Leaving && self.has_masters).then(|| balancer.leaves(part)),
            errors: (ask == Ask::Errors).then(|| vec![balancer.errors(part)]),
        };
        BalancerObservation {
            name: balancer.name.to_owned(),
            worker: Some(worker),
            reloaded: reloaded == Some(self.now),
            answer: match balancer.is_gone || self.now < balancer.blind_until {
                true => Err(paper::no_answer()),
                false => Ok(answer),
            },
        }
    }
}
