//! What always holds of a switch, over random events, signals and crashes. A crash loses all but
//! the journal, the record and the kernel's rules. `agent recover` continues from there.

use super::super::super::*;
use super::super::limits;
use super::world::{Event, LOOK, Shown, World};
use proptest::prelude::*;
use settle::{Settle, Share, Watch};
use switch::{How, Part, SwitchPhase, Switching};

/// An event, and whether the agent dies there: before or after it has acted.
#[derive(Debug, Clone)]
struct Moment {
    event: Event,
    dies: Option<bool>,
}

fn any_moment() -> impl Strategy<Value = Moment> {
    let often = || prop::bool::weighted(0.3);
    let rare = || prop::bool::weighted(0.04);
    let signal = prop::option::weighted(0.02, prop::sample::select(vec![2, 15]));
    let dies = prop::option::weighted(0.05, any::<bool>());
    let haproxy = (often(), rare(), often(), often(), rare());
    let others = (rare(), rare(), rare(), rare(), prop::bool::weighted(0.01));
    (haproxy, others, signal, dies).prop_map(|(haproxy, others, signal, dies)| {
        let (is_slow, is_reloaded, arrives, is_stuck, is_blind) = haproxy;
        let (old_turns, new_turns, fails, errs, is_flushed) = others;
        let turns = [old_turns, new_turns];
        let event = Event {
            is_slow,
            is_reloaded,
            arrives,
            is_stuck,
            turns,
            is_blind,
            fails,
            signal,
            errs,
            is_flushed,
        };
        Moment { event, dies }
    })
}

fn any_limits() -> impl Strategy<Value = Limits> {
    let how = prop::sample::select(vec![How::Start, How::Start, How::Back, How::Finish]);
    let switches = [any::<bool>(); 7];
    (how, switches).prop_map(
        |(
            how,
            [
                prepares,
                verifies,
                keeps,
                sticky,
                proceeds,
                settles,
                ran_before,
            ],
        )| {
            let seconds = |seconds| Duration::from_secs(seconds);
            Limits {
                sticky: seconds(if sticky { 20 } else { 0 }),
                on_drain_timeout: match proceeds {
                    true => OnDrainTimeout::Proceed,
                    false => OnDrainTimeout::Abort,
                },
                settle: settles.then(|| Settle {
                    lasts: seconds(30),
                    errors: Share::hundredths(100).unwrap(),
                }),
                switch: Switching {
                    how,
                    prepares: prepares && how == How::Start,
                    verifies,
                    keeps: keeps && how != How::Finish,
                    ran_before: ran_before && how == How::Start,
                },
                ..limits()
            }
        },
    )
}

/// How one process ended.
enum Ended {
    Well(Outcome),
    Died(SwitchPhase),
}

/// One process that runs the switch.
struct Process<'a> {
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

type Checked<T> = Result<T, TestCaseError>;

impl Process<'_> {
    /// Runs over the moments. The world does not change after the last one.
    fn run(&mut self, moments: &mut impl Iterator<Item = Moment>, last: &Moment) -> Checked<Ended> {
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
                let is_anothers = self.world.limits.switch.ran_before && self.world.started == 0;
                prop_assert!(
                    part == Part::Old || !is_anothers,
                    "stopped, and not started"
                );
            }
            Action::Start => prop_assert_eq!((new.gates, new.busy), ([false; 2], 0)),
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

/// At rest exactly one target is open: the recorded one.
fn rests(world: &World, outcome: &Outcome) -> Checked<()> {
    if world.is_flushed {
        return Ok(());
    }
    let serves = match outcome {
        Outcome::Switched { .. } | Outcome::StillDraining(_) => Part::New,
        // Both stay open, and the operator decides.
        Outcome::NeitherHealthy { .. } => return Ok(()),
        Outcome::BothMayServe { unseen, .. } => {
            prop_assert!(!unseen.is_empty());
            // A process that died may have closed the new one, and so may another process.
            let old = world.of(Part::Old);
            prop_assert!(old.gates == [true; 2] && old.runs && world.of(Part::New).runs);
            return Ok(());
        }
        Outcome::GateFailed {
            put_back: false, ..
        } => return Ok(()),
        Outcome::NotPlaced { .. }
        | Outcome::SwappedBack { .. }
        | Outcome::Interrupted { .. }
        | Outcome::GateFailed { .. }
        | Outcome::Done { .. } => match world.limits.switch.how {
            How::Finish => Part::New,
            How::Start | How::Back => Part::Old,
        },
        other => return Err(TestCaseError::fail(format!("no such end: {other:?}"))),
    };
    prop_assert_eq!(world.current, serves, "{:?}", outcome);
    prop_assert_eq!(world.of(serves).gates, [true; 2], "{:?}", outcome);
    prop_assert_eq!(world.of(serves.other()).gates, [false; 2], "{:?}", outcome);
    prop_assert!(world.of(serves).runs, "{:?}", outcome);
    Ok(())
}

fn process(world: &mut World, start: Start) -> Process<'_> {
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

fn left(phase: SwitchPhase, switching: Switching) -> UnfinishedOperation {
    UnfinishedOperation {
        verb: Verb::Switch,
        phase: Phase::Switch(phase),
        restarting: false,
        restarted: None,
        unsure: false,
        version: Version::Same,
        switch: Some(switching),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn what_always_holds(
        moments in prop::collection::vec(any_moment(), 1..60),
        limits in any_limits(),
    ) {
        let switching = limits.switch;
        let mut world = World::new(limits);
        let last = Moment { dies: None, ..moments[moments.len() - 1].clone() };
        let mut moments = moments.into_iter();
        let mut start = Start::of_switch(world.limits.switch);
        loop {
            match process(&mut world, start).run(&mut moments, &last)? {
                Ended::Well(outcome) => { rests(&world, &outcome)?; break }
                Ended::Died(phase) => {
                    // What the last look has shown may be old.
                    world.up = [false; 2];
                    let left = left(phase, switching);
                    match super::super::super::start(Verb::Recover, Some(&left), GatesFound::Open) {
                        Ok(next) => start = next,
                        Err(NoStart::Nothing(_)) => { rests(&world, &Outcome::Done { note: None })?; break }
                        Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
                    }
                }
            }
        }
    }

    /// Where nothing goes wrong, each switch succeeds, whatever HAProxy's pace and the requests are.
    #[test]
    fn without_a_failure_it_switches(
        moments in prop::collection::vec((any::<bool>(), any::<bool>()), 0..20),
        limits in any_limits(),
    ) {
        let keeps = limits.switch.keeps;
        let mut world = World::new(limits);
        let moment = |(is_slow, arrives)| Moment {
            event: Event { is_slow, arrives, ..Event::default() },
            dies: None,
        };
        let mut moments = moments.into_iter().map(moment);
        let start = Start::of_switch(world.limits.switch);
        let Ended::Well(outcome) = process(&mut world, start).run(&mut moments, &moment((false, true)))? else {
            unreachable!();
        };
        rests(&world, &outcome)?;
        prop_assert!(matches!(outcome, Outcome::Switched { .. }), "{:?}", outcome);
        prop_assert_eq!((world.of(Part::Old).runs, world.of(Part::Old).parked), (keeps, true));
    }
}
