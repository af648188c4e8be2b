//! How an operation begins after an interrupted one.

use super::*;

fn left(phase: Phase) -> UnfinishedOperation {
    UnfinishedOperation {
        verb: Verb::Restart,
        phase,
        restarting: true,
        restarted: None,
        unsure: false,
        version: Version::Same,
        switch: None,
    }
}

fn begins(asked: Verb, left: &UnfinishedOperation) -> (Verb, Phase) {
    let start = start(asked, Some(left), GatesFound::ClosedUnexpectedly).unwrap();
    (start.verb, start.phase)
}

const HEALTHY: Phase = Phase::Healthy { streak: 0 };
const CUT_SHORT: Phase = Phase::PutBack(Why::CutShort);

#[test]
fn before_the_app_was_touched_recover_opens_and_restart_begins_again() {
    for phase in [
        Phase::Close,
        Phase::Floor,
        Phase::Shed,
        Phase::Drain { zeros: 1 },
        Phase::PutBack(Why::Interrupted(2)),
        Phase::BackOff {
            until: Duration::ZERO,
        },
    ] {
        let left = left(phase);
        // The gates open only before a healthy app: it may have failed meanwhile.
        assert_eq!(begins(Verb::Recover, &left), (Verb::Open, HEALTHY));
        assert_eq!(begins(Verb::Restart, &left), (Verb::Restart, Phase::Close));
    }
}

#[test]
fn a_restart_that_has_happened_is_finished_and_not_repeated() {
    let happened = UnfinishedOperation {
        restarted: Some(true),
        ..left(Phase::Restart)
    };
    let unknown = left(Phase::Restart);
    for left in [&happened, &unknown, &left(HEALTHY), &left(Phase::Open)] {
        for asked in [Verb::Restart, Verb::Recover] {
            assert_eq!(begins(asked, left), (Verb::Restart, HEALTHY), "{left:?}");
        }
    }
    let note = |left| {
        start(Verb::Restart, Some(left), GatesFound::ClosedUnexpectedly)
            .unwrap()
            .note
            .unwrap()
    };
    assert!(note(&happened).contains("the agent finishes it"));
    assert!(note(&unknown).contains("can't confirm that it restarted the app"));
    let finishes = |left| {
        start(Verb::Restart, Some(left), GatesFound::ClosedUnexpectedly)
            .unwrap()
            .finishes
    };
    assert_eq!(
        (finishes(&happened), finishes(&unknown)),
        (Some(true), Some(false))
    );
}

/// HAProxy may send users already, and other hosts count on this one. Found by `tests/model`.
#[test]
fn gates_that_were_open_again_are_not_closed_to_finish_a_restart() {
    for (phase, gates, first) in [
        (Phase::Open, GatesFound::Open, Phase::Open),
        (Phase::Settle, GatesFound::Open, Phase::Open),
        (Phase::Open, GatesFound::ClosedUnexpectedly, HEALTHY),
        (Phase::Open, GatesFound::Held, HEALTHY),
        // The app may not be up.
        (HEALTHY, GatesFound::Open, HEALTHY),
        (Phase::Restart, GatesFound::Open, HEALTHY),
    ] {
        for asked in [Verb::Restart, Verb::Recover] {
            let start = start(asked, Some(&left(phase.clone())), gates).unwrap();
            assert_eq!(start.verb, Verb::Restart);
            assert_eq!(start.phase, first, "{phase:?} {gates:?}");
        }
    }
}

/// It was killed again while it finished a restart that was not confirmed.
#[test]
fn an_unconfirmed_restart_stays_unconfirmed_after_another_death() {
    let mut left = left(Phase::Restart);
    for phase in [HEALTHY, Phase::Open, HEALTHY] {
        let start = start(Verb::Recover, Some(&left), GatesFound::ClosedUnexpectedly).unwrap();
        assert_eq!(start.finishes, Some(false), "{left:?}");
        left = UnfinishedOperation {
            phase,
            unsure: true,
            ..left
        };
    }
}

#[test]
fn a_restart_that_has_not_happened_begins_again() {
    let not_yet = UnfinishedOperation {
        restarted: Some(false),
        ..left(Phase::Restart)
    };
    assert_eq!(
        begins(Verb::Restart, &not_yet),
        (Verb::Restart, Phase::Close)
    );
    assert_eq!(begins(Verb::Recover, &not_yet), (Verb::Open, HEALTHY));
}

#[test]
fn an_opening_continues_and_open_and_close_stay_themselves() {
    let opening = UnfinishedOperation {
        verb: Verb::Open,
        restarting: false,
        ..left(Phase::Open)
    };
    assert_eq!(begins(Verb::Recover, &opening), (Verb::Open, HEALTHY));
    assert_eq!(
        begins(Verb::Restart, &opening),
        (Verb::Restart, Phase::Close)
    );
    for left in [opening, left(Phase::Restart), left(Phase::Shed)] {
        assert_eq!(begins(Verb::Open, &left), (Verb::Open, HEALTHY));
        assert_eq!(begins(Verb::Close, &left), (Verb::Close, Phase::Close));
    }
}

#[test]
fn gates_that_an_operator_closed_are_put_back_closed() {
    let restart = left(Phase::Drain { zeros: 0 });
    let held = start(Verb::Recover, Some(&restart), GatesFound::Held).unwrap();
    assert_eq!((held.verb, held.phase), (Verb::Recover, CUT_SHORT));
    let close = UnfinishedOperation {
        verb: Verb::Close,
        restarting: false,
        ..restart
    };
    assert!(start(Verb::Recover, Some(&close), GatesFound::Held).is_err());
    // The same for gates that the sidecar closed again.
    let again = UnfinishedOperation {
        verb: Verb::Stop,
        ..close.clone()
    };
    assert!(start(Verb::Recover, Some(&again), GatesFound::Held).is_err());
    assert_eq!(begins(Verb::Recover, &close), (Verb::Open, HEALTHY));
}

/// Only a hold that still exists keeps them closed, and only if the restart does so.
#[test]
fn held_gates_stay_closed_if_the_restart_keeps_them_closed() {
    for (asked, stay, left, gates, stays) in [
        (Verb::Restart, true, false, GatesFound::Held, true),
        (Verb::Restart, false, true, GatesFound::Held, false),
        (Verb::Restart, true, true, GatesFound::Open, false),
        (
            Verb::Restart,
            true,
            true,
            GatesFound::ClosedUnexpectedly,
            false,
        ),
        (Verb::Recover, false, true, GatesFound::Held, true),
        (Verb::Recover, false, false, GatesFound::Held, false),
        (
            Verb::Recover,
            false,
            true,
            GatesFound::ClosedUnexpectedly,
            false,
        ),
        (Verb::Open, true, true, GatesFound::Held, false),
        (Verb::Close, true, true, GatesFound::Held, false),
    ] {
        let message = format!("{asked:?} {stay} {left} {gates:?}");
        assert_eq!(stays_closed(asked, stay, left, gates), stays, "{message}");
    }
}

#[test]
fn without_a_journal_the_gates_decide() {
    let recover = |gates| start(Verb::Recover, None, gates);
    let nothing = |why: &str| NoStart::Nothing(format!("nothing to recover: {why}"));
    let open = nothing("the gates are open");
    assert_eq!(recover(GatesFound::Open), Err(open));
    let held = nothing("an operator closed the gates");
    assert_eq!(recover(GatesFound::Held), Err(held));
    let unexpected = recover(GatesFound::ClosedUnexpectedly).unwrap();
    assert_eq!((unexpected.verb, unexpected.phase), (Verb::Open, HEALTHY));
    let restart = start(Verb::Restart, None, GatesFound::Held).unwrap();
    assert_eq!((restart.phase, restart.note), (Phase::Close, None));
}

#[test]
fn a_recovery_says_how_it_left_the_host() {
    let up = observation(&[(Role::Main, "UP", 0)]);
    let recover =
        |observation: &Observation| decide(Verb::Recover, &CUT_SHORT, observation, &limits());
    assert_eq!(ends(recover(&up)), Outcome::Done { note: None });
    let down = observation(&[(Role::Main, "DOWN", 0)]);
    assert_eq!(waits(recover(&down)).len(), 1);
    assert_eq!(ends(recover(&late(down))).exit_code(), 16);
    let interrupted = Observation {
        interrupted: Some(2),
        ..up
    };
    assert_eq!(ends(recover(&interrupted)).exit_code(), 130);
}

/// The effect of half an upgrade is not known, and a restart of the old app is not what the caller
/// asked for.
#[test]
fn an_interrupted_upgrade_is_not_continued() {
    let not_restarted = UnfinishedOperation {
        restarted: Some(false),
        version: Version::New,
        ..left(Phase::Restart)
    };
    let rollback = Phase::Rollback("the app is not healthy".to_owned());
    for left in [left(Phase::Upgrade), left(rollback), not_restarted] {
        for gates in [
            GatesFound::Open,
            GatesFound::Held,
            GatesFound::ClosedUnexpectedly,
        ] {
            let recover = start(Verb::Recover, Some(&left), gates);
            assert!(
                matches!(recover, Err(NoStart::Unfinished(_))),
                "{recover:?}"
            );
            let anew = start(Verb::Restart, Some(&left), gates).unwrap();
            assert_eq!((anew.phase, anew.version), (Phase::Close, Version::Same));
            assert!(
                anew.note
                    .unwrap()
                    .contains("this restart begins again, with the upgrade")
            );
        }
        assert_eq!(begins(Verb::Open, &left), (Verb::Open, HEALTHY));
        assert_eq!(begins(Verb::Close, &left), (Verb::Close, Phase::Close));
    }
}

#[test]
fn an_upgraded_app_that_was_restarted_is_finished_and_never_rolled_back() {
    let old = || Version::Old("503".to_owned());
    for (version, goes_on_as) in [
        (Version::New, Version::Inherited),
        (Version::Inherited, Version::Inherited),
        (old(), old()),
    ] {
        for phase in [Phase::Restart, HEALTHY, Phase::Open] {
            let left = UnfinishedOperation {
                restarted: Some(true),
                version: version.clone(),
                ..left(phase)
            };
            let start = start(Verb::Recover, Some(&left), GatesFound::Held).unwrap();
            assert_eq!((start.verb, start.phase), (Verb::Restart, HEALTHY));
            assert_eq!(start.version, goes_on_as);
        }
    }
}
