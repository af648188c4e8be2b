//! One process of the agent that runs a switch, and what must hold before and after each action.

use super::super::world::{LOOK, Shown};
use super::*;
use settle::Watch;

/// How one process ended.
pub(super) enum Ended {
    Well(Outcome),
    Died(SwitchPhase),
}

/// One process that runs the switch.
pub(super) struct Process<'a> {
    world: &'a mut World,
    phase: SwitchPhase,
    action_result: ActionResult,
    /// Its action succeeded in this phase, and the time since then.
    succeeded: bool,
    in_phase: Duration,
    failing: u32,
    signal: Option<i32>,
    watch: Watch,
}

impl Process<'_> {
    /// Runs over the moments. The world does not change after the last one.
    pub(super) fn run(
        &mut self,
        moments: &mut impl Iterator<Item = Moment>,
        last: &Moment,
    ) -> Checked<Ended> {
        let mut acts = true;
        for _ in 0..1000 {
            let Moment { event, dies } = moments.next().unwrap_or_else(|| last.clone());
            if dies == Some(false) {
                return Ok(Ended::Died(self.phase.clone()));
            }
            if acts {
                self.act(&event)?;
            }
            if dies == Some(true) {
                return Ok(Ended::Died(self.phase.clone()));
            }
            self.world.happens(&event);
            let look = self.look(&event);
            match decide(
                Verb::Switch,
                &Phase::Switch(self.phase.clone()),
                &look,
                &self.world.limits,
            ) {
                Step::Stay { phase, again, .. } => {
                    prop_assert_eq!(phase.name(), self.phase.name());
                    self.phase = of_switch(phase);
                    acts = again;
                }
                Step::Go { to, .. } => {
                    let to = of_switch(to);
                    self.goes(&to, &look)?;
                    self.enter(to);
                    acts = true;
                }
                Step::End(outcome) => return Ok(Ended::Well(outcome)),
            }
        }
        prop_assert!(false, "never ends: {:?}", self.phase);
        unreachable!()
    }

    fn enter(&mut self, to: SwitchPhase) {
        if to.serves() != self.phase.serves() {
            self.failing = 0;
        }
        (self.phase, self.in_phase) = (to, Duration::ZERO);
        match Phase::Switch(self.phase.clone()).counts(&self.world.limits) {
            true => self.watch.enters_phase(),
            false => self.watch = Watch::default(),
        }
        self.succeeded = false;
        self.action_result = ActionResult::Done;
    }

    fn act(&mut self, event: &Event) -> Checked<()> {
        let phase = Phase::Switch(self.phase.clone());
        let Some(action) = phase.action(Verb::Switch, &self.world.limits) else {
            return Ok(());
        };
        if event.fails {
            if action == Action::Start && event.arrives {
                self.world.stops_first();
            }
            self.action_result = ActionResult::Failed("no".to_owned());
            return Ok(());
        }
        self.action_result = ActionResult::Done;
        if !std::mem::replace(&mut self.succeeded, true) {
            self.in_phase = Duration::ZERO;
        }
        self.may(action)?;
        self.world.acts(action);
        self.holds(action)
    }

    fn look(&mut self, event: &Event) -> Observation {
        self.in_phase += LOOK;
        self.signal = self.signal.or(event.signal);
        let look = self.world.look(&self.phase, event);
        self.failing = match &look.health {
            Some(Err(_)) => self.failing + 1,
            _ => 0,
        };
        let look = Observation {
            in_phase: self.in_phase,
            action_result: self.action_result.clone(),
            interrupted: self.signal,
            failing: self.failing,
            ..look
        };
        self.world.watch(&mut self.watch, &self.phase, look)
    }

    /// Before an action: it closes no target before a look has shown the other one UP, and stops
    /// none that is open or busy.
    fn may(&self, action: Action) -> Checked<()> {
        let [old_up, new_up] = self.world.up;
        let (old, new) = (self.world.of(Part::Old), self.world.of(Part::New));
        match action {
            Action::LeaveMain | Action::LeaveBoth if old.gates[0] => {
                prop_assert!(
                    new_up && new.gates[0],
                    "the old one closes before the new is UP"
                );
            }
            Action::Withdraw if new.gates[0] => {
                prop_assert!(
                    old_up && old.gates[0],
                    "the new one closes before the old is UP"
                );
            }
            Action::Park(part) => {
                prop_assert!(!self.world.of(part).gates[0], "{part:?} is open and parked");
            }
            Action::Stop(part) => {
                let target = self.world.of(part);
                prop_assert_eq!(target.gates, [false; 2], "{:?} is stopped and open", part);
                let proceeds = self.world.limits.on_drain_timeout == OnDrainTimeout::Proceed;
                prop_assert!(target.busy == 0 || proceeds, "{part:?} is stopped and busy");
                prop_assert!(
                    part == Part::Old || !self.world.ran_before,
                    "it ran before, and the switch has not started it"
                );
            }
            Action::Start => {
                // A lost parking rule costs its protection: a reload brings the target users.
                let may_be_busy = self.world.is_flushed;
                prop_assert_eq!(new.gates, [false; 2]);
                prop_assert!(new.busy == 0 || may_be_busy, "it is started anew and busy");
            }
            _ => {}
        }
        Ok(())
    }

    /// After an action.
    fn holds(&self, action: Action) -> Checked<()> {
        let world = &self.world;
        let open = [Part::Old, Part::New].map(|part| world.of(part).gates[0]);
        prop_assert!(open.contains(&true), "no target is open after {action:?}");
        let current = world.of(world.current);
        prop_assert!(
            current.gates[0],
            "the recorded target is closed after {action:?}"
        );
        prop_assert!(current.runs && !current.parked);
        prop_assert!(
            world.prepared <= 1 && world.started <= 1,
            "{action:?} is repeated"
        );
        Ok(())
    }

    /// From the join on a switch goes back only for a reason, and goes on only with a new target
    /// that is well.
    fn goes(&self, to: &SwitchPhase, look: &Observation) -> Checked<()> {
        if !self.phase.is_from_join() || self.world.limits.switch.how == How::Finish {
            return Ok(());
        }
        let new = self.world.of(Part::New);
        let is_seen = look.balancers.iter().all(|one| one.answer.is_ok());
        let is_well = new.shown[0] != Shown::Down && self.failing < 2;
        let back = matches!(to, SwitchPhase::TakeBack(_) | SwitchPhase::Withdraw(_));
        if !back {
            prop_assert!(is_well || !is_seen, "goes on from {:?}", self.phase);
            let stops = *to == SwitchPhase::Stop { back: None };
            let is_fresh = look.health == Some(Ok(()));
            prop_assert!(
                !stops || is_fresh,
                "stops the old one, and the new one may be sick"
            );
            return Ok(());
        }
        let is_well = is_well && look.interrupted.is_none();
        let errs = look.settle.is_some_and(|figures| figures.ours.errors() > 0);
        let phase = Phase::Switch(self.phase.clone());
        let over = look.in_phase >= phase.limit(&self.world.limits);
        prop_assert!(!is_well || errs || over, "goes back from {:?}", self.phase);
        Ok(())
    }
}

fn of_switch(phase: Phase) -> SwitchPhase {
    match phase {
        Phase::Switch(phase) => phase,
        other => panic!("a switch in {other:?}"),
    }
}

pub(super) fn process(world: &mut World, start: Start) -> Process<'_> {
    Process {
        world,
        phase: of_switch(start.phase),
        action_result: ActionResult::Done,
        succeeded: false,
        in_phase: Duration::ZERO,
        failing: 0,
        signal: None,
        watch: Watch::default(),
    }
}
