//! A host with two targets, and one HAProxy that notices their gates some looks later. A look takes
//! 2 s.

use super::super::super::*;
use super::super::observation;
use crate::haproxy::{BackendErrors, ErrorCounts, Role};
use settle::Watch;
use switch::{How, Part, SwitchPhase};

pub(super) const LOOK: Duration = Duration::from_secs(2);

/// One target, as it is and as HAProxy shows it.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub runs: bool,
    pub healthy: bool,
    /// Main and twin.
    pub gates: [bool; 2],
    pub parked: bool,
    pub shown: [Shown; 2],
    /// Requests that HAProxy counts on its main line.
    pub on_line: u64,
    /// Requests that the target itself works on.
    pub busy: u64,
}

/// How HAProxy shows a line. After a reload it takes every line for UP until its first check.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shown {
    Up,
    Unproven,
    Down,
}

/// What happens at one look.
#[derive(Debug, Clone, Default)]
pub(super) struct Event {
    /// HAProxy's checks do not come yet.
    pub is_slow: bool,
    pub is_reloaded: bool,
    /// A request arrives on each line that is shown UP.
    pub arrives: bool,
    /// No request ends.
    pub is_stuck: bool,
    /// Old, new: the target falls sick, or recovers.
    pub turns: [bool; 2],
    /// No balancer answers.
    pub is_blind: bool,
    /// The action fails.
    pub fails: bool,
    pub signal: Option<i32>,
    /// The new version answers with errors.
    pub errs: bool,
    /// Another process flushes the rules.
    pub is_flushed: bool,
}

pub(super) struct World {
    pub limits: Limits,
    pub targets: [Target; 2],
    /// The target that the record names.
    pub current: Part,
    pub prepared: u32,
    pub started: u32,
    /// The new target is what ran there before the switch.
    pub ran_before: bool,
    /// The looks at which each target was shown fully UP, by the last one.
    pub up: [bool; 2],
    errors: u64,
    /// Another process has flushed the rules since the last action.
    pub is_flushed: bool,
}

pub(super) fn index(part: Part) -> usize {
    match part {
        Part::Old => 0,
        Part::New => 1,
    }
}

impl World {
    /// At rest, before a switch within these limits.
    pub(super) fn new(limits: Limits) -> World {
        let serves = Target {
            runs: true,
            healthy: true,
            gates: [true; 2],
            parked: false,
            shown: [Shown::Up; 2],
            on_line: 1,
            busy: 1,
        };
        let idle = Target {
            runs: limits.switch.how != How::Start || limits.switch.ran_before,
            gates: [false; 2],
            parked: true,
            shown: [Shown::Down; 2],
            on_line: 0,
            busy: 0,
            ..serves.clone()
        };
        let ran_before = limits.switch.ran_before;
        let (targets, current) = match limits.switch.how {
            How::Start | How::Back => ([serves, idle], Part::Old),
            How::Finish => ([idle, serves], Part::New),
        };
        World {
            limits,
            targets,
            current,
            prepared: 0,
            started: 0,
            ran_before,
            up: [false; 2],
            errors: 0,
            is_flushed: false,
        }
    }

    pub(super) fn of(&self, part: Part) -> &Target {
        &self.targets[index(part)]
    }

    fn of_mut(&mut self, part: Part) -> &mut Target {
        &mut self.targets[index(part)]
    }

    pub(super) fn happens(&mut self, event: &Event) {
        if event.is_flushed {
            self.is_flushed = true;
            let targets = self.targets.iter_mut();
            targets.for_each(|one| (one.gates, one.parked) = ([false; 2], false));
        }
        for (target, turns) in self.targets.iter_mut().zip(event.turns) {
            target.healthy ^= turns;
        }
        for target in &mut self.targets {
            for (shown, gate) in target.shown.iter_mut().zip(target.gates) {
                *shown = match (event.is_reloaded, event.is_slow) {
                    (true, _) => Shown::Unproven,
                    (false, true) => *shown,
                    _ if gate && target.runs && target.healthy => Shown::Up,
                    _ => Shown::Down,
                };
            }
            if !event.is_stuck {
                (target.on_line, target.busy) = (0, 0);
            }
        }
        if event.arrives {
            let all = [Part::Old, Part::New].into_iter();
            all.for_each(|part| self.sends_to(part));
        }
        self.errors += u64::from(event.errs) * 10;
    }

    /// HAProxy sends a request to this line, if it takes it for UP. A stopped target refuses it.
    fn sends_to(&mut self, part: Part) {
        let to = match self.of(part).parked {
            true => part.other(),
            false => part,
        };
        if self.of(part).shown[0] != Shown::Down && self.of(to).runs {
            self.of_mut(part).on_line += 1;
            self.of_mut(to).busy += 1;
        }
    }

    /// A start that fails after its first half.
    pub(super) fn stops_first(&mut self) {
        (self.ran_before, self.of_mut(Part::New).runs) = (false, false);
    }

    /// Does the action of a phase.
    pub(super) fn acts(&mut self, action: Action) {
        let (old, new) = (Part::Old, Part::New);
        self.is_flushed = false;
        match action {
            Action::Prepare | Action::Start | Action::Verify | Action::Unpark => {
                (self.of_mut(old).gates, self.of_mut(new).gates) = ([true; 2], [false; 2]);
                self.prepared += u32::from(action == Action::Prepare);
                self.started += u32::from(action == Action::Start);
                self.ran_before &= action != Action::Start;
                self.of_mut(new).runs |= action == Action::Start;
                self.of_mut(new).parked &= action != Action::Unpark;
            }
            Action::Join => {
                self.of_mut(new).parked = false;
                self.targets
                    .iter_mut()
                    .for_each(|one| one.gates = [true; 2]);
            }
            Action::LeaveMain | Action::LeaveBoth => {
                self.current = new;
                self.of_mut(new).gates = [true; 2];
                self.of_mut(old).gates = [false, action == Action::LeaveMain];
            }
            Action::TakeBack | Action::Withdraw => {
                self.current = old;
                (self.of_mut(old).parked, self.of_mut(old).gates) = (false, [true; 2]);
                if action == Action::Withdraw {
                    self.of_mut(new).gates = [false; 2];
                }
            }
            Action::Park(part) => {
                (self.of_mut(part).parked, self.of_mut(part).gates) = (true, [false; 2]);
                self.of_mut(part.other()).gates = [true; 2];
            }
            Action::Stop(part) => {
                (self.of_mut(part).runs, self.of_mut(part).gates) = (false, [false; 2]);
                self.of_mut(part.other()).gates = [true; 2];
            }
            of_a_restart => unreachable!("{of_a_restart:?}"),
        }
    }

    /// One look in this phase, without its times.
    pub(super) fn look(&mut self, phase: &SwitchPhase, event: &Event) -> Observation {
        let phase = Phase::Switch(phase.clone());
        let sees = |part: Part| match event.is_blind {
            true => super::super::blind().balancers,
            false => self.shown(part, event),
        };
        let asks = phase.asks_balancers(&self.limits).is_some();
        let (balancers, other) = match asks {
            true => (sees(phase.part()), sees(phase.part().other())),
            false => (Vec::new(), Vec::new()),
        };
        if asks {
            self.up = [Part::Old, Part::New]
                .map(|part| !event.is_blind && self.of(part).shown == [Shown::Up; 2]);
        }
        let serves = self.of(phase.serves());
        let health = match serves.runs && serves.healthy {
            true => Ok(()),
            false => Err("503".to_owned()),
        };
        Observation {
            interrupted: event.signal,
            connections: Some(Ok(self.connections(phase.part()))),
            health: phase.asks_app().then_some(health),
            other,
            ran_before: self.ran_before,
            balancers,
            ..observation(&[])
        }
    }

    fn shown(&self, part: Part, event: &Event) -> Vec<crate::haproxy::BalancerObservation> {
        let target = self.of(part);
        let [main, twin] = target.shown.map(|shown| match shown {
            Shown::Up => "UP",
            Shown::Unproven => "UP 1/2",
            Shown::Down => "DOWN",
        });
        let lines = [(Role::Main, main, target.on_line), (Role::Twin, twin, 0)];
        let mut balancers = observation(&lines).balancers;
        balancers[0].reloaded = event.is_reloaded;
        let ours = ErrorCounts {
            tries: 1000 + self.errors,
            answers_5xx: self.errors,
            ..ErrorCounts::default()
        };
        balancers[0].answer_mut().errors = Some(vec![BackendErrors {
            backend: "srvs".to_owned(),
            ours,
            others: ErrorCounts::default(),
        }]);
        balancers
    }

    /// The host's table has what the target works on, also what came by the other's parked port.
    fn connections(&self, part: Part) -> Connections {
        let target = self.of(part);
        let count = Count {
            connections: Some(target.on_line),
            sessions: 7 * 2,
        };
        let of_balancers = [([10, 0, 0, 1].into(), target.busy)].into();
        Connections {
            addresses_known: true,
            ..Connections::new(of_balancers, ByPeer::new(), Ok(count))
        }
    }

    /// Adds up HAProxy's counters as the driver does.
    pub(super) fn watch(
        &self,
        watch: &mut Watch,
        phase: &SwitchPhase,
        look: Observation,
    ) -> Observation {
        let phase = Phase::Switch(phase.clone());
        let shown = phase.serving(&look.balancers, &look.other);
        let settle = phase.counts(&self.limits).then(|| watch.look(shown));
        Observation {
            settle,
            settle_in_phase: settle.map(|_| watch.in_phase()),
            ..look
        }
    }
}
