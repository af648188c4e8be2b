//! What always holds of a switch, over random events, signals and crashes. A crash loses all but
//! the journal, the record and the kernel's rules. `agent recover` continues from there.

mod process;

use super::super::super::*;
use super::super::limits;
use super::resumed::left;
use super::world::{Event, World};
use process::{Ended, process};
use proptest::prelude::*;
use settle::{Settle, Share};
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
                    with_page: false,
                    from_page: false,
                    was_closed: false,
                    ran_before: ran_before && how == How::Start,
                },
                ..limits()
            }
        },
    )
}

type Checked<T> = Result<T, TestCaseError>;

/// At rest exactly one target is open: the recorded one.
fn rests(world: &World, outcome: &Outcome) -> Checked<()> {
    if world.is_flushed {
        return Ok(());
    }
    let serves = match outcome {
        Outcome::Switched { .. } | Outcome::StillDraining { .. } => Part::New,
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
                    let ran_before = world.ran_before;
                    let left = left(phase, Switching { ran_before, ..switching });
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
