//! What each action does to the host on paper. Gates, record and redirects as on a live host.

use super::{NAMES, Pair, Record, index};
use crate::paper::Death;
use haproxy_gate::restart::switch::{Part, Switching, stays_ready};
use haproxy_gate::restart::{Action, ActionResult, Host, Meanwhile, OnMeanwhile, Outcome};

/// The wanted gates of a target: main and twin. None: as they are.
type Gates = Option<[bool; 2]>;

const OPEN: Gates = Some([true; 2]);
const CLOSED: Gates = Some([false; 2]);

impl Pair {
    pub(super) fn acts(&mut self, action: Action, on: OnMeanwhile<'_>) -> ActionResult {
        if self.events() {
            let now = self.death.actions;
            let both = [false, true].map(|after| Death::acting(now, after));
            self.moments.extend(both);
        }
        let (before, moved) = (self.left(), self.targets.each_ref().map(|one| one.gates));
        let acted = match self.does(action, on) {
            Ok(()) => ActionResult::Done,
            Err(why) => ActionResult::Failed(why),
        };
        self.moved = self.targets.each_ref().map(|one| one.gates) != moved;
        let runs = matches!(action, Action::Prepare | Action::Verify);
        match &acted {
            ActionResult::Failed(why) => self.say(&format!("{}: {why}", self.in_words(action))),
            // A call that changes nothing is no event.
            ActionResult::Done if runs || self.left() != before => {
                self.say(&self.in_words(action));
            }
            ActionResult::Done => {}
        }
        if let Action::Park(_) = action {
            self.not_parked = acted != ActionResult::Done;
        }
        self.holds(&format!("{action:?}"));
        acted
    }

    fn in_words(&self, action: Action) -> String {
        match action {
            Action::Park(part) | Action::Stop(part) => {
                let word = format!("{action:?}");
                let word = word.split('(').next().unwrap_or_default();
                format!("{word} {}", NAMES[index(part)])
            }
            action => format!("{action:?}"),
        }
    }

    fn does(&mut self, action: Action, on: OnMeanwhile<'_>) -> Result<(), String> {
        let (old, new) = (Part::Old, Part::New);
        match action {
            Action::Prepare => {
                self.sets(OPEN, CLOSED)?;
                self.prepared += 1;
                fails(self.prepare_fails, "`web-install` failed (exit status: 3)")
            }
            Action::Start => {
                self.sets(OPEN, CLOSED)?;
                self.stops_first(on)?;
                self.started += 1;
                fails(self.start_fails, "web@green.service: the start failed")?;
                let after = self.healthy_after.map(|after| self.now + after);
                let target = self.of_mut(new);
                (target.runs, target.healthy_from) = (true, after.unwrap_or(u32::MAX));
                Ok(())
            }
            Action::Verify => {
                self.sets(OPEN, CLOSED)?;
                fails(self.verify_fails, "`smoke` failed (exit status: 1)")
            }
            Action::PutBack => self.sets(OPEN, CLOSED),
            Action::Unpark => self.parks(new, false),
            Action::Join => {
                self.parks(new, false)?;
                self.sets(OPEN, OPEN)
            }
            Action::LeaveMain | Action::LeaveBoth => {
                self.records(new);
                self.sets(Some([false, action == Action::LeaveMain]), OPEN)
            }
            Action::TakeBack | Action::Withdraw => {
                self.records(old);
                self.parks(old, false)?;
                self.parks(new, false)?;
                let closes = action == Action::Withdraw;
                self.sets(OPEN, if closes { CLOSED } else { None })
            }
            Action::Park(part) => {
                let (of_old, of_new) = match part {
                    Part::Old => (CLOSED, OPEN),
                    Part::New => (OPEN, CLOSED),
                };
                self.sets(of_old, of_new)?;
                self.parks(part.other(), false)?;
                self.parks(part, true)
            }
            Action::Stop(part) => {
                self.stops(part)?;
                self.records_stopped(part);
                Ok(())
            }
            of_a_restart => unreachable!("{of_a_restart:?} in a switch"),
        }
    }

    /// What runs before a start.
    fn stops_first(&mut self, on: OnMeanwhile<'_>) -> Result<(), String> {
        if self.of(Part::New).runs {
            let stopped = self.stops(Part::New);
            stopped.map_err(|why| format!("it runs already, and can't be stopped: {why}"))?;
            self.say("Start: green is stopped first");
        }
        self.ran_before = false;
        self.records_stopped(Part::New);
        self.death.between_steps(false);
        on(self.elapsed(), Meanwhile::Stopped);
        self.death.between_steps(true);
        Ok(())
    }

    fn stops(&mut self, part: Part) -> Result<(), String> {
        self.may_stop(part);
        let unit = format!("web@{}.service: the stop timed out", NAMES[index(part)]);
        fails(self.stop_fails, &unit)?;
        self.of_mut(part).runs = false;
        Ok(())
    }

    fn rules(&mut self) -> Result<(), String> {
        match self.rules_fail {
            0 => Ok(()),
            more => {
                self.rules_fail = more - 1;
                Err("the xtables lock is held".to_owned())
            }
        }
    }

    fn sets(&mut self, old: Gates, new: Gates) -> Result<(), String> {
        self.rules()?;
        for (target, gates) in self.targets.iter_mut().zip([old, new]) {
            target.gates = gates.unwrap_or(target.gates);
        }
        Ok(())
    }

    fn parks(&mut self, part: Part, parked: bool) -> Result<(), String> {
        self.rules()?;
        self.of_mut(part).parked = parked;
        Ok(())
    }

    /// The intent is recorded before the gates move. Before Leave it is as the switch found it.
    fn records(&mut self, current: Part) {
        let ready = Some((current.other(), false));
        let is_same = self.record.current == current;
        if !is_same || (current == Part::New && self.record.ready != ready) {
            self.record = Record { current, ready };
        }
    }

    fn records_stopped(&mut self, part: Part) {
        let ready = self.record.ready.filter(|(ready, _)| *ready != part);
        self.record.ready = ready;
    }

    /// The switch is done, and the record has the end of the target that stays ready.
    pub fn records_ready(&mut self, outcome: &Outcome, switching: Switching) {
        if let Some((part, _)) = stays_ready(outcome, switching) {
            self.record.ready = Some((part, true));
        }
    }
}

fn fails(fails: bool, how: &str) -> Result<(), String> {
    match fails {
        true => Err(how.to_owned()),
        false => Ok(()),
    }
}
