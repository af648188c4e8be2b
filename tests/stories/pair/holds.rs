//! What must hold at each step of a switch, whatever happens and wherever it is cut.

use super::{NAMES, PARTS, Pair, index};
use haproxy_gate::restart::Outcome;
use haproxy_gate::restart::switch::{How, Part, Switching};

/// So long after a target falls sick another one may not be open yet: two questions to the app, or
/// HAProxy's own checks.
const NOTICED_AFTER: u32 = 12;

/// After another process moved a gate, the next look sets it again.
const SET_AGAIN_AFTER: u32 = 2;

impl Pair {
    /// Some healthy target is open, and the recorded one is. Nothing is prepared or started again.
    pub(super) fn holds(&mut self, after: &str) {
        let serves = |part: &Part| {
            let one = self.of(*part);
            one.gates[0] && one.is_healthy(self.now)
        };
        let might = PARTS.iter().any(|part| self.of(*part).is_healthy(self.now));
        let is_served = PARTS.iter().any(serves);
        self.outage = match is_served || !might {
            true => 0,
            false => self.outage + 1,
        };
        let is_sick = self.targets.iter().any(|one| one.is_sick);
        let may_last = if is_sick { NOTICED_AFTER } else { 0 };
        let current = self.of(self.record.current);
        let tampered = self.tampered;
        let is_tampered = tampered.is_some_and(|at| self.now <= at + SET_AGAIN_AFTER);
        let broken = [
            (
                self.outage > may_last && !is_tampered,
                "no healthy target is open",
            ),
            (
                !current.gates[0] && !is_tampered,
                "the recorded target is closed",
            ),
            (!current.runs, "the recorded target does not run"),
            (current.parked, "the recorded target is parked"),
            (self.lost > 0 && !self.is_harmed, "users are lost"),
            (self.prepared > 1, "prepared again"),
            (self.started > 1, "started again"),
        ];
        self.fails_if(&broken, after);
    }

    /// No target is stopped that is open or busy, or that HAProxy sends users to.
    pub(super) fn may_stop(&self, part: Part) {
        let one = self.of(part);
        let is_up = self.balancers.iter().any(|one| !one.shows_down(part));
        let broken = [
            (!one.is_closed(), "an open target is stopped"),
            (
                self.busy(part) > 0 && !self.proceeds,
                "a busy target is stopped",
            ),
            (
                is_up && !one.parked,
                "HAProxy sends users to a stopped target",
            ),
        ];
        self.fails_if(&broken, NAMES[index(part)]);
    }

    fn fails_if(&self, broken: &[(bool, &str)], at: &str) {
        if let Some((_, rule)) = broken.iter().find(|(is_broken, _)| *is_broken) {
            let story = self.trace.take();
            panic!("{rule}: {at}: {}\n{story}", self.left());
        }
    }

    /// At rest exactly one target is open, healthy, running, and recorded. The other one is stopped or
    /// kept as this outcome says. Err: what is wrong.
    pub fn rests(&self, outcome: &Outcome, switching: Switching) -> Result<(), String> {
        let serves = self.record.current;
        let (one, idle) = (self.of(serves), self.of(serves.other()));
        let wanted = serves_after(outcome, serves, switching);
        let is_left = matches!(outcome, Outcome::StillDraining { .. });
        let ready = self.record.ready.map(|(part, _)| part);
        let ends = self.record.ready.is_some_and(|(_, ends)| ends);
        let wants = idle.runs.then_some(serves.other());
        // One that does not stop after a start is left to the operator.
        let may_differ = idle.runs && serves == Part::Old && switching.how == How::Start;
        let stays = self.stays(outcome, serves, switching);
        let broken = [
            (!one.is_open(), "the recorded target is not open"),
            (!idle.is_closed(), "both targets are open"),
            (
                !one.is_healthy(self.now),
                "the recorded target is not healthy",
            ),
            (one.parked, "the recorded target is parked"),
            (wanted != serves, "the wrong target serves"),
            (
                idle.runs && !stays && !self.ran_before,
                "the idle target runs",
            ),
            (!idle.runs && stays, "the idle target is stopped"),
            (
                !idle.runs && serves == Part::Old && self.ran_before,
                "a target is stopped that ran before and is not started anew",
            ),
            (
                !idle.parked && !is_left && !self.not_parked,
                "it is not parked",
            ),
            (ready != wants && !may_differ, "it is not recorded"),
            (
                ready.is_some() && ends != self.ends(outcome, serves, switching),
                "its end is not recorded as expected",
            ),
        ];
        let wrong = broken.into_iter().find(|(is_broken, _)| *is_broken);
        match wrong {
            None => Ok(()),
            Some((_, rule)) => Err(format!("{rule}: {outcome:?}: {}", self.left())),
        }
    }

    /// Whether the time of the idle target ends: it was ready before the switch, or is kept from now on.
    fn ends(&self, outcome: &Outcome, serves: Part, switching: Switching) -> bool {
        match (serves, switching.how) {
            (Part::New, How::Start | How::Back) => {
                switching.keeps && matches!(outcome, Outcome::Switched { .. })
            }
            (Part::New, How::Finish) => false,
            (Part::Old, How::Back) => true,
            (Part::Old, _) => self.ran_before,
        }
    }

    /// Whether the idle target stays running.
    fn stays(&self, outcome: &Outcome, serves: Part, switching: Switching) -> bool {
        match (outcome, serves) {
            (Outcome::StillDraining { .. }, _) => true,
            _ if self.stop_fails && self.started > 0 => true,
            (_, Part::New) => switching.keeps,
            // The old one serves again, and the new one goes if this switch started it.
            (_, Part::Old) => switching.how != How::Start,
        }
    }
}

/// A recovery may end either way.
fn serves_after(outcome: &Outcome, now: Part, switching: Switching) -> Part {
    match outcome {
        Outcome::Switched { .. } | Outcome::StillDraining { .. } => Part::New,
        _ if switching.how == How::Finish => Part::New,
        Outcome::Nothing(_) | Outcome::Done { .. } => now,
        _ => Part::Old,
    }
}
