//! The group's lock: what each look at it means, in each phase.

use super::*;
use crate::haproxy::{BackendCapacity, Floor};
use Role::{Main, Twin};

fn locking(when_away: WhenAway) -> Limits {
    Limits {
        lock: Some(TakesLock {
            when_away,
            alone: true,
            is_out: false,
        }),
        min_available: Floor::Servers(1),
        serving: vec!["lb backend srvs".into()],
        ..limits()
    }
}

fn seen(lock: GroupLock, lines: [&str; 2], usable: usize) -> Observation {
    let mut look = observation(&[(Main, lines[0], 0), (Twin, lines[1], 0)]);
    answer(&mut look).backends = vec![BackendCapacity {
        backend: "srvs".into(),
        usable,
        ..BackendCapacity::default()
    }];
    look.serving = vec!["lb backend srvs".into()];
    look.lock = lock;
    look
}

fn step_of(phase: &Phase, look: &Observation) -> Step {
    decide(Verb::Restart, phase, look, &locking(WhenAway::Refuse))
}

fn asked(seconds: u64) -> GroupLock {
    GroupLock::Asked {
        lasts: Duration::from_secs(seconds),
    }
}

fn full() -> GroupLock {
    GroupLock::Full(vec!["web2".into()])
}

fn away(seconds: u64) -> GroupLock {
    GroupLock::Away {
        why: "refused".into(),
        lasts: Duration::from_secs(seconds),
    }
}

fn lost() -> GroupLock {
    GroupLock::Lost("expired".into())
}

/// A restart that begins with this phase.
fn begins_in(phase: Phase) -> Start {
    Start {
        verb: Verb::Restart,
        finishes: None,
        phase,
        version: Version::Same,
        note: None,
    }
}

#[test]
fn an_operation_that_goes_out_begins_with_the_lock() {
    let limits = locking(WhenAway::Refuse);
    for few in [false, true] {
        assert_eq!(
            begins_in(Phase::Close).within(&limits, few).phase,
            Phase::Lock
        );
    }
    let healthy = Phase::Healthy { streak: 0 };
    assert_eq!(
        begins_in(healthy.clone()).within(&limits, false).phase,
        healthy
    );
}

#[test]
fn the_lock_is_waited_for_within_the_turn() {
    let in_time = |lock| step_of(&Phase::Lock, &seen(lock, ["UP", "UP"], 2));
    let at_the_end = |lock| {
        let look = seen(lock, ["UP", "UP"], 2);
        let elapsed = Duration::from_secs(60);
        step_of(&Phase::Lock, &Observation { elapsed, ..look })
    };
    assert_eq!(goes(in_time(GroupLock::Held)), Phase::Close);
    assert_eq!(goes(at_the_end(GroupLock::Held)), Phase::Close);
    for lock in [GroupLock::Unused, asked(9), lost(), full(), away(9)] {
        assert_eq!(waits(in_time(lock.clone())).len(), 1, "{lock:?}");
    }
    assert_eq!(ends(at_the_end(full())).exit_code(), 12);
    assert_eq!(ends(in_time(away(10))).exit_code(), 11);
    assert_eq!(ends(at_the_end(away(1))).exit_code(), 11);
    assert_eq!(waits(at_the_end(asked(9))).len(), 1, "a short turn");
    assert_eq!(ends(in_time(asked(10))).exit_code(), 11);
    let unused = late(seen(GroupLock::Unused, ["UP", "UP"], 2));
    assert_eq!(ends(step_of(&Phase::Lock, &unused)).exit_code(), 11);
}

#[test]
fn without_the_lock_server_a_host_announces_itself_if_it_may() {
    let claims = locking(WhenAway::Claims);
    let look = |lock| seen(lock, ["UP", "UP"], 2);
    for look in [look(away(10)), look(asked(10))] {
        let step = decide(Verb::Restart, &Phase::Lock, &look, &claims);
        let Step::Go { to, note } = step else {
            panic!("{step:?}");
        };
        assert_eq!(to, Phase::Claim);
        assert!(note.unwrap().contains("goes on without the lock"));
    }
}

/// A wrong group does not end by itself, and to go on without the lock would hide it.
#[test]
fn a_server_that_refuses_this_host_ends_the_operation_whatever_it_may() {
    let claims = locking(WhenAway::Claims);
    let refused = |seconds| GroupLock::Refused {
        why: "400".into(),
        lasts: Duration::from_secs(seconds),
    };
    let step = |seconds| {
        let look = seen(refused(seconds), ["UP", "UP"], 2);
        decide(Verb::Restart, &Phase::Lock, &look, &claims)
    };
    assert!(matches!(step(9), Step::Stay { .. }), "{:?}", step(9));
    let Step::End(outcome) = step(10) else {
        panic!("{:?}", step(10));
    };
    assert_eq!(outcome.exit_code(), 11);
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
}

/// It has waited, and another host may have failed meanwhile.
#[test]
fn the_floor_is_looked_at_once_the_lock_is_there() {
    let until = Duration::ZERO;
    let few = seen(GroupLock::Held, ["UP", "UP"], 0);
    assert_eq!(goes(step_of(&Phase::Lock, &few)), Phase::BackOff { until });
    let unseen = Observation {
        lock: GroupLock::Held,
        ..blind()
    };
    assert_eq!(
        goes(step_of(&Phase::Lock, &unseen)),
        Phase::BackOff { until }
    );
    let enough = seen(GroupLock::Held, ["UP", "UP"], 1);
    let turn = Phase::BackOff { until };
    assert_eq!(goes(step_of(&turn, &enough)), Phase::Close);
}

/// Both gates close at once, and no claim was seen: other hosts are counted at each look, and the twin
/// must be DOWN before the drain.
#[test]
fn with_the_lock_no_twin_announces_the_host() {
    let limits = locking(WhenAway::Refuse);
    assert_eq!(
        Phase::Close.action(Verb::Restart, &limits),
        Some(Action::CloseBoth)
    );
    let few = goes(step_of(
        &Phase::Close,
        &seen(GroupLock::Held, ["UP", "DOWN"], 0),
    ));
    assert!(
        matches!(few, Phase::PutBack(Why::TooFewServers(_))),
        "{few:?}"
    );
    let claimed = step_of(&Phase::Close, &seen(GroupLock::Unused, ["UP", "DOWN"], 0));
    assert_eq!(
        waits(claimed).len(),
        1,
        "the claim has been seen, and the floor comes later"
    );
    let down = |lock| goes(step_of(&Phase::Floor, &seen(lock, ["DOWN", "UP"], 1)));
    assert_eq!(down(GroupLock::Held), Phase::Shed);
    assert_eq!(down(GroupLock::Unused), Phase::Drain { zeros: 0 });
}

#[test]
fn a_lost_lock_puts_back_until_the_app_is_touched() {
    for phase in phases::each_phase() {
        let goes_back = phase.closes() || matches!(phase, Phase::BackOff { .. });
        let look = seen(lost(), ["DOWN", "DOWN"], 2);
        let step = step_of(&phase, &look);
        let put_back = Step::Go {
            to: Phase::PutBack(Why::LockLost("expired".into())),
            note: None,
        };
        assert_eq!(step == put_back, goes_back, "{phase:?}: {step:?}");
        let finishes = look.goes_on_without_lock(&phase);
        let is_before = phase.is_before_restart();
        assert_eq!(finishes.is_some(), !is_before, "{phase:?}: {finishes:?}");
    }
}

/// The app is touched already: an old version must come back.
#[test]
fn a_sick_version_is_taken_out_without_the_lock() {
    let look = Observation {
        version: Version::Sick("500".into()),
        ..seen(lost(), ["DOWN", "DOWN"], 2)
    };
    let phase = Phase::Drain { zeros: 0 };
    let step = step_of(&phase, &look);
    assert!(
        !matches!(
            step,
            Step::Go {
                to: Phase::PutBack(_),
                ..
            }
        ),
        "{step:?}"
    );
    assert!(look.goes_on_without_lock(&phase).is_some());
}

/// An operation that only waited has left nothing to finish.
#[test]
fn a_wait_for_the_lock_leaves_nothing_to_recover() {
    let left = UnfinishedOperation {
        verb: Verb::Restart,
        phase: Phase::Lock,
        restarting: true,
        restarted: None,
        unsure: false,
        version: Version::Same,
        switch: None,
    };
    let cut = UnfinishedOperation {
        verb: Verb::Switch,
        switch: Some(switch::Switching::default()),
        ..left.clone()
    };
    for left in [left, cut] {
        let recovered = start(Verb::Recover, Some(&left), GatesFound::Open);
        assert!(
            matches!(recovered, Err(NoStart::Nothing(_))),
            "{recovered:?}"
        );
        let again = start(Verb::Restart, Some(&left), GatesFound::Open).unwrap();
        assert_eq!((again.phase, again.finishes), (Phase::Close, None));
    }
}

/// Another host may have the other slot.
#[test]
fn with_more_slots_a_host_announces_itself() {
    let mut limits = locking(WhenAway::Refuse);
    limits.lock = limits.lock.map(|lock| TakesLock {
        alone: false,
        ..lock
    });
    let look = seen(GroupLock::Held, ["UP", "UP"], 2);
    let step = decide(Verb::Restart, &Phase::Lock, &look, &limits);
    assert_eq!(goes(step), Phase::Claim);
    let down = seen(GroupLock::Held, ["DOWN", "DOWN"], 2);
    let step = decide(Verb::Restart, &Phase::Floor, &down, &limits);
    assert_eq!(goes(step), Phase::Drain { zeros: 0 });
}

/// A switch takes no server away: it begins as it is, and finishes if the lock is lost.
#[test]
fn a_switch_begins_once_it_has_the_lock() {
    use switch::SwitchPhase;
    let limits = locking(WhenAway::Refuse);
    let look = seen(GroupLock::Held, ["UP", "UP"], 0);
    let step = decide(Verb::Switch, &Phase::Lock, &look, &limits);
    assert_eq!(goes(step), Phase::Switch(SwitchPhase::Start));
    let first = Start::of_switch(limits.switch);
    assert!(first.is_first_of_a_start());
    assert_eq!(first.after_lock(&limits).phase, Phase::Lock);
}

#[test]
fn the_note_of_a_lost_lock_is_the_operations() {
    let look = seen(lost(), ["UP", "UP"], 2);
    for (phase, wanted) in [
        (Phase::Restart, "min_available still holds it back"),
        (
            Phase::Switch(switch::SwitchPhase::Prepare),
            "the switch goes on, because it takes no server away",
        ),
    ] {
        let note = look.goes_on_without_lock(&phase).unwrap();
        assert!(note.contains(wanted), "{phase:?}: {note}");
        let of_both = ["min_available", "the switch"].map(|words| note.contains(words));
        assert_ne!(of_both[0], of_both[1], "{note}");
    }
}

/// Another process may flush the rules meanwhile, and the sidecar leaves the app to this operation.
#[test]
fn the_gates_stay_as_they_were_found_while_the_lock_is_waited_for() {
    let limits = locking(WhenAway::Refuse);
    for verb in [Verb::Restart, Verb::Close, Verb::Switch] {
        let action = Phase::Lock.action(verb, &limits);
        assert_eq!(action, Some(Action::PutBack), "{verb:?}");
    }
    let step = step_of(&Phase::Lock, &seen(full(), ["UP", "UP"], 2));
    assert!(matches!(step, Step::Stay { again: true, .. }), "{step:?}");
}

/// Another host may have the lock by now. A pass that has begun by the lock goes on as it began.
#[test]
fn a_host_that_has_lost_the_lock_announces_itself_on_its_next_way_out() {
    let look = |lock, lines, usable| Observation {
        version: Version::Sick("500".into()),
        ..seen(lock, lines, usable)
    };
    let sick = Phase::Sick("500".into());
    for (lock, first) in [
        (GroupLock::Held, Phase::Close),
        (lost(), Phase::Claim),
        (GroupLock::Unused, Phase::Claim),
    ] {
        assert_eq!(goes(step_of(&sick, &look(lock, ["UP", "UP"], 2))), first);
    }
    for lock in [GroupLock::Held, lost()] {
        let few = goes(step_of(&Phase::Close, &look(lock, ["UP", "DOWN"], 0)));
        assert!(
            matches!(few, Phase::PutBack(Why::TooFewServers(_))),
            "{few:?}"
        );
    }
}

#[test]
fn what_goes_out_takes_the_lock() {
    let (out, healthy) = (
        begins_in(Phase::Close),
        begins_in(Phase::Healthy { streak: 0 }),
    );
    for (verb, start, takes) in [
        (Verb::Restart, &out, true),
        (Verb::Restart, &healthy, false),
        (Verb::Close, &out, true),
        (Verb::Stop, &out, false),
        (Verb::Open, &healthy, false),
        (Verb::Recover, &healthy, false),
        (Verb::Switch, &Start::of_switch(limits().switch), true),
    ] {
        assert_eq!(takes_lock(verb, start), takes, "{verb:?}");
    }
}

/// The holder may wait for a host that is out, so that host must not wait for the holder.
#[test]
fn a_host_that_is_out_begins_without_the_lock() {
    let mut limits = locking(WhenAway::Refuse);
    limits.lock = limits.lock.map(|lock| TakesLock {
        is_out: true,
        ..lock
    });
    let first = |few| begins_in(Phase::Close).within(&limits, few).phase;
    assert_eq!(first(false), Phase::Claim);
    assert!(matches!(first(true), Phase::BackOff { .. }));
    // It counts no lock that it does not have.
    let out = seen(GroupLock::NotNeeded, ["DOWN", "DOWN"], 0);
    let out = Observation {
        serving: Vec::new(),
        ..out
    };
    let step = |phase: &Phase| goes(decide(Verb::Restart, phase, &out, &limits));
    assert_eq!(step(&Phase::Claim), Phase::Close);
    assert_eq!(step(&Phase::Close), Phase::Drain { zeros: 0 });
}

/// Its app fails while another host has the lock, and waits for this one.
#[test]
fn a_host_that_falls_out_does_not_wait_for_the_lock_any_more() {
    for lock in [full(), asked(1), away(1), lost()] {
        for (lines, goes_on) in [
            (["DOWN", "DOWN"], true),
            (["UP", "DOWN"], false),
            (["DOWN 1/2", "DOWN"], false),
            (["DOWN", "UP"], false),
        ] {
            let look = Observation {
                health: Some(Err("connection refused".into())),
                ..seen(lock.clone(), lines, 2)
            };
            let step = step_of(&Phase::Lock, &look);
            let gone = matches!(
                &step,
                Step::Go {
                    to: Phase::Claim,
                    note: Some(_)
                }
            );
            assert_eq!(gone, goes_on, "{lock:?} {lines:?}: {step:?}");
            let switch = decide(
                Verb::Switch,
                &Phase::Lock,
                &look,
                &locking(WhenAway::Refuse),
            );
            assert!(matches!(switch, Step::Stay { .. }), "{switch:?}");
        }
    }
    // A balancer can't be seen; the app answers, so the line is about to rise; it was not asked.
    let unseen = Observation {
        lock: full(),
        health: Some(Err("connection refused".into())),
        ..blind()
    };
    let down = |health| Observation {
        health,
        ..seen(full(), ["DOWN", "DOWN"], 2)
    };
    for look in [unseen, down(Some(Ok(()))), down(None)] {
        let step = step_of(&Phase::Lock, &look);
        assert!(matches!(step, Step::Stay { .. }), "{step:?}");
    }
}

/// Until its gates are closed the line may flap. The holder counts on this host then.
#[test]
fn a_host_that_serves_again_takes_the_lock() {
    for phase in phases::each_phase() {
        let is_on_the_way = matches!(phase, Phase::Claim | Phase::Close | Phase::BackOff { .. });
        for (lock, lines, asks) in [
            (GroupLock::NotNeeded, ["UP", "DOWN"], is_on_the_way),
            (GroupLock::NotNeeded, ["DOWN 1/2", "DOWN"], is_on_the_way),
            (GroupLock::NotNeeded, ["DOWN", "DOWN"], false),
            (GroupLock::Unused, ["UP", "DOWN"], false),
            (GroupLock::Held, ["UP", "DOWN"], false),
        ] {
            let step = step_of(&phase, &seen(lock.clone(), lines, 2));
            let goes = matches!(
                step,
                Step::Go {
                    to: Phase::Lock,
                    ..
                }
            );
            assert_eq!(goes, asks, "{phase:?} {lock:?} {lines:?}: {step:?}");
        }
        let taken_back = Observation {
            version: Version::Sick("500".into()),
            ..seen(GroupLock::NotNeeded, ["UP", "DOWN"], 2)
        };
        let step = step_of(&phase, &taken_back);
        assert!(
            !matches!(
                step,
                Step::Go {
                    to: Phase::Lock,
                    ..
                }
            ),
            "{phase:?}"
        );
    }
}

/// `(verb, cut short, ends by itself)`. Without an end of its own the lock is with this host until it is
/// given back.
#[test]
fn recover_gives_back_a_lock_that_is_left_for_good() {
    for (verb, cut_short, ends_by_itself, finds) in [
        (Verb::Recover, false, false, true),
        (Verb::Recover, false, true, false),
        (Verb::Recover, true, true, true),
        (Verb::Open, false, false, false),
        (Verb::Open, true, false, true),
        (Verb::Stop, true, false, false),
    ] {
        let found = finds_lock_left(verb, cut_short, ends_by_itself);
        assert_eq!(found, finds, "{verb:?} {cut_short} {ends_by_itself}");
    }
}

/// No option that the command lacks.
#[test]
fn the_advice_is_the_verbs() {
    for (verb, turn, without) in [
        (
            Verb::Restart,
            "timeouts.turn or --turn may",
            "to restart without",
        ),
        (
            Verb::Close,
            "timeouts.turn or --turn may",
            "to close without",
        ),
        (Verb::Switch, "timeouts.turn may", "to switch without"),
    ] {
        let full = Outcome::LockFull(vec!["web2".into()]).message(verb, "web");
        assert!(full.contains(turn), "{full}");
        let away = Outcome::LockAway("refused".into()).message(verb, "web");
        assert!(away.contains(without), "{away}");
    }
}
