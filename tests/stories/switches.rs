//! Switches on a host on paper, as text, and killed at every look and at every action. Then `agent
//! recover` must leave exactly one target open, healthy and recorded, and the other one parked.

use crate::pair::Pair;
use crate::world::KILLED;
use crate::{Narrator, limits};
use futures_util::FutureExt;
use haproxy_gate::operation::driver::drive;
use haproxy_gate::restart::settle::{Settle, Share};
use haproxy_gate::restart::switch::{How, Names, Part, Switching};
use haproxy_gate::restart::{GatesFound, Limits, NoStart, Outcome, PerGate, Start, Verb, start};
use haproxy_gate::state::invocation::Invocation;
use haproxy_gate::state::journal::{Entry, Journal, Targets};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

const NAMES: Names<'_> = Names {
    old: "blue",
    new: "green",
};

fn forward() -> Limits {
    Limits {
        switch: Switching {
            how: How::Start,
            prepares: true,
            verifies: true,
            keeps: false,
        },
        settle: Some(Settle {
            lasts: Duration::from_secs(1),
            errors: Share::hundredths(100).unwrap(),
        }),
        ..limits()
    }
}

/// Runs a switch or its recovery as the command line does. None: it was killed half way.
fn run(verb: Verb, pair: &mut Pair, limits: &Limits, state_dir: &Path) -> Option<Outcome> {
    let left = Journal::unfinished(state_dir, "web").unwrap();
    let unfinished = left.as_ref().map(|entry| entry.unfinished(None));
    let start = match (verb, &unfinished) {
        (Verb::Switch, None) => Start::of_switch(limits.switch),
        _ => match start(verb, unfinished.as_ref(), GatesFound::Open) {
            Ok(start) => start,
            Err(NoStart::Nothing(why)) => {
                Journal::forget(state_dir, "web").unwrap();
                return Some(Outcome::Nothing(why));
            }
            Err(no) => panic!("{no:?}"),
        },
    };
    let entry = Entry {
        invocation: Invocation::new(verb, "web"),
        phase: start.phase.clone(),
        found_open: PerGate::default(),
        instance: None,
        restarting: false,
        unsure: false,
        stays_closed: false,
        version: start.version.clone(),
        switch: Some(Targets {
            from: "blue".to_owned(),
            to: "green".to_owned(),
            switching: limits.switch,
            keep_s: 0,
        }),
        origin: Default::default(),
        without_balancers: Vec::new(),
        ended: false,
    };
    let mut journal = Journal::begin(state_dir, entry).unwrap();
    let mut narrator = Narrator {
        trace: Rc::clone(&pair.trace),
        waiting: Vec::new(),
    };
    let drive = drive(pair, &mut journal, &mut narrator, &start, limits);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    match runtime.block_on(AssertUnwindSafe(drive).catch_unwind()) {
        Ok(timeline) => {
            let _ = journal.end();
            Some(timeline.outcome)
        }
        Err(panic) if panic.downcast_ref() == Some(&KILLED) => None,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn story(pair: &Pair, limits: &Limits) -> String {
    let (mut pair, directory) = (pair.clone(), tempfile::tempdir().unwrap());
    let outcome = run(Verb::Switch, &mut pair, limits, directory.path()).unwrap();
    let message = outcome.message_between(Verb::Switch, "web", NAMES);
    let exit = outcome.exit_code();
    let trace = pair.trace.take().join("\n");
    format!("{trace}\nexit {exit}: {message}\n{}", pair.left())
}

/// Kills it at every look and around every action, and recovers it.
fn cut_everywhere(pair: &Pair, limits: &Limits) {
    let whole = {
        let (mut pair, directory) = (pair.clone(), tempfile::tempdir().unwrap());
        run(Verb::Switch, &mut pair, limits, directory.path()).unwrap();
        pair
    };
    let at_looks = (1..whole.now).map(|at| Pair {
        killed_at: Some(at),
        ..pair.clone()
    });
    let at_actions = (1..=whole.actions).flat_map(|at| {
        [false, true].map(|after| Pair {
            killed_acting: Some((at, after)),
            ..pair.clone()
        })
    });
    let mut cuts = 0;
    for killed in at_looks.chain(at_actions) {
        cuts += u32::from(is_recovered(killed, limits));
    }
    assert!(cuts > 20, "only {cuts} cuts: the story is too short");
}

/// False: the switch ended before the kill.
fn is_recovered(mut pair: Pair, limits: &Limits) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let what = format!("{:?} {:?}", pair.killed_at, pair.killed_acting);
    pair.trace = Rc::default();
    if run(Verb::Switch, &mut pair, limits, directory.path()).is_some() {
        return false;
    }
    (pair.killed_at, pair.killed_acting) = (None, None);
    let outcome = run(Verb::Recover, &mut pair, limits, directory.path()).unwrap();
    let left = format!("{what}: {outcome:?}: {}", pair.left());
    let (serves, idle) = match pair.current {
        Part::Old => (&pair.blue, &pair.green),
        Part::New => (&pair.green, &pair.blue),
    };
    assert_eq!(
        (serves.gates, idle.gates),
        ([true; 2], [false; 2]),
        "{left}"
    );
    assert!(serves.runs && !serves.parked, "{left}");
    assert!(idle.parked && !idle.runs, "{left}");
    assert_eq!(Journal::unfinished(directory.path(), "web"), Ok(None));
    true
}

#[test]
fn a_switch() {
    insta::assert_snapshot!(story(&Pair::new(), &forward()));
    cut_everywhere(&Pair::new(), &forward());
}

#[test]
fn a_new_version_that_is_not_placed() {
    let fails = [
        (
            "the_preparation",
            Pair {
                prepare_fails: true,
                ..Pair::new()
            },
        ),
        (
            "the_start",
            Pair {
                start_fails: true,
                ..Pair::new()
            },
        ),
        (
            "the_health",
            Pair {
                healthy_after: None,
                ..Pair::new()
            },
        ),
        (
            "the_verification",
            Pair {
                verify_fails: true,
                ..Pair::new()
            },
        ),
    ];
    for (name, pair) in fails {
        insta::assert_snapshot!(format!("not_placed_by_{name}"), story(&pair, &forward()));
    }
}

#[test]
fn a_new_version_that_fails_under_users_is_swapped_back() {
    let pair = Pair {
        fails_at: Some(12),
        ..Pair::new()
    };
    insta::assert_snapshot!(story(&pair, &forward()));
    cut_everywhere(&pair, &forward());
}

#[test]
fn a_drain_that_runs_out_leaves_the_old_target_running() {
    let pair = Pair {
        endless: true,
        ..Pair::new()
    };
    insta::assert_snapshot!(story(&pair, &forward()));
}

#[test]
fn a_signal_at_any_look_leaves_one_target_open() {
    let whole = {
        let (mut pair, directory) = (Pair::new(), tempfile::tempdir().unwrap());
        run(Verb::Switch, &mut pair, &forward(), directory.path()).unwrap();
        pair.now
    };
    for at in 0..whole {
        let (mut pair, directory) = (Pair::new(), tempfile::tempdir().unwrap());
        pair.signal = Some((at, 15));
        let outcome = run(Verb::Switch, &mut pair, &forward(), directory.path()).unwrap();
        let open = [pair.blue.gates, pair.green.gates];
        let one = match pair.current {
            Part::Old => [[true; 2], [false; 2]],
            Part::New => [[false; 2], [true; 2]],
        };
        assert_eq!(open, one, "{at}: {outcome:?}: {}", pair.left());
    }
}
