//! The upgrade, and the way back from it.

use super::*;
use Role::{Main, Twin};

fn upgrading(rolls_back: bool) -> Limits {
    Limits {
        upgrades: true,
        rolls_back,
        ..limits()
    }
}

/// A look at this version, with this end of the phase's action.
fn after(version: Version, action_result: ActionResult) -> Observation {
    Observation {
        version,
        action_result,
        ..observation(&[])
    }
}

fn failed() -> ActionResult {
    ActionResult::Failed("exited with 3: no space".to_owned())
}

fn sick(version: Version) -> Observation {
    late(Observation {
        health: Some(Err("503".to_owned())),
        ..after(version, ActionResult::Done)
    })
}

fn old() -> Version {
    Version::Old("the restart failed: exit 1".to_owned())
}

const HEALTHY: Phase = Phase::Healthy { streak: 0 };

fn decided(phase: &Phase, observation: &Observation, rolls_back: bool) -> Step {
    decide(Verb::Restart, phase, observation, &upgrading(rolls_back))
}

#[test]
fn comes_between_the_drain_and_the_restart() {
    let quiet = observation(&[(Main, "DOWN", 0), (Twin, "DOWN", 0)]);
    let drained = decided(&Phase::Drain { zeros: 1 }, &quiet, true);
    assert_eq!(goes(drained), Phase::Upgrade);
    let done = after(Version::New, ActionResult::Done);
    assert_eq!(goes(decided(&Phase::Upgrade, &done, true)), Phase::Restart);
    assert_eq!(goes(decided(&Phase::Restart, &done, true)), HEALTHY);
    // An operation that only closes upgrades nothing.
    let drain = Phase::Drain { zeros: 1 };
    let closed = decide(Verb::Close, &drain, &quiet, &upgrading(true));
    assert_eq!(ends(closed), Outcome::Done { note: None });
}

#[test]
fn any_failure_after_it_rolls_it_back() {
    let cases = [
        (
            Phase::Upgrade,
            after(Version::New, failed()),
            "the upgrade failed: exited with 3",
        ),
        (
            Phase::Restart,
            after(Version::New, failed()),
            "after the upgrade the restart failed: exited with 3",
        ),
        (
            HEALTHY,
            sick(Version::New),
            "after the upgrade the app was not healthy: 503",
        ),
    ];
    for (phase, observation, says) in cases {
        let Phase::Rollback(why) = goes(decided(&phase, &observation, true)) else {
            panic!("{phase:?} is not rolled back");
        };
        assert!(why.starts_with(says), "{why}");
    }
    let done = after(old(), ActionResult::Done);
    let rollback = Phase::Rollback("the upgrade failed".to_owned());
    assert_eq!(goes(decided(&rollback, &done, true)), Phase::Restart);
}

#[test]
fn without_a_way_back_the_gates_stay_closed() {
    let end = ends(decided(
        &Phase::Upgrade,
        &after(Version::New, failed()),
        false,
    ));
    assert_eq!(
        (end.exit_code(), end.word(Verb::Restart)),
        (15, "upgrade_failed")
    );
    let message = end.message(Verb::Restart, "web");
    for part in [
        "the upgrade failed: exited with 3: no space",
        "stay closed",
        "`agent open web`",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let end = ends(decided(
        &Phase::Restart,
        &after(Version::New, failed()),
        false,
    ));
    assert_eq!(end.word(Verb::Restart), "restart_failed");
    let end = ends(decided(&HEALTHY, &sick(Version::New), false));
    assert_eq!(end, Outcome::NotHealthy("503".to_owned()));
}

/// The upgrade of another operation is not rolled back, and neither is a restart without an
/// upgrade.
#[test]
fn is_rolled_back_once() {
    let rollback = Phase::Rollback("the upgrade failed".to_owned());
    for (phase, observation, why) in [
        (
            rollback,
            after(old(), failed()),
            "the upgrade failed; the rollback failed: exited",
        ),
        (
            Phase::Restart,
            after(old(), failed()),
            "the restart failed: exit 1; rolled back, but the restart failed: exited",
        ),
        (
            HEALTHY,
            sick(old()),
            "the restart failed: exit 1; rolled back, but the app was not healthy: 503",
        ),
    ] {
        match ends(decided(&phase, &observation, true)) {
            Outcome::UpgradeFailed(message) => assert!(message.starts_with(why), "{message}"),
            other => panic!("{other:?}"),
        }
    }
    for version in [Version::Same, Version::Inherited] {
        let end = ends(decided(
            &Phase::Restart,
            &after(version.clone(), failed()),
            true,
        ));
        assert_eq!(end.word(Verb::Restart), "restart_failed");
        let end = ends(decided(&HEALTHY, &sick(version.clone()), true));
        assert_eq!(end.word(Verb::Restart), "not_healthy");
        let message = end.message(Verb::Restart, "web");
        let inherited = version == Version::Inherited;
        assert_eq!(
            message.contains("the agent does not run the rollback"),
            inherited,
            "{message}"
        );
    }
}

#[test]
fn rolled_back_says_so_and_why() {
    let up = [(Main, "UP", 0), (Twin, "UP", 0)];
    let ended = |observation: Observation| {
        let observation = Observation {
            version: old(),
            ..observation
        };
        let end = ends(decided(&Phase::Open, &observation, true));
        let word = end.word(Verb::Restart);
        (end.exit_code(), word, end.message(Verb::Restart, "web"))
    };
    let (exit, word, message) = ended(observation(&up));
    assert_eq!((exit, word), (17, "rolled_back"));
    let says = "rolled back: the restart failed: exit 1; the app is healthy on the old version and back \
                in rotation";
    assert_eq!(message, says);
    let (exit, word, message) = ended(late(observation(&[(Main, "DOWN", 0), (Twin, "UP", 0)])));
    assert_eq!((exit, word), (16, "not_in_rotation"));
    assert!(
        message.starts_with("rolled back: the restart failed"),
        "{message}"
    );
    assert!(
        message.ends_with("but HAProxy shows: lb srvs/Main is DOWN"),
        "{message}"
    );
    let (exit, _, message) = ended(observation(&[(Main, "MAINT", 0), (Twin, "UP", 0)]));
    assert_eq!(exit, 17);
    assert!(message.ends_with("the gates are open"), "{message}");
    let (exit, _, message) = ended(Observation {
        interrupted: Some(2),
        ..observation(&up)
    });
    assert_eq!(exit, 130);
    assert!(
        message.contains("the restart failed: exit 1; rolled back: "),
        "{message}"
    );
}

/// The app counts as touched from the begin of the upgrade.
#[test]
fn a_signal_does_not_cut_it_short() {
    let asked = |phase: &Phase, observation: Observation| {
        let observation = Observation {
            interrupted: Some(15),
            ..observation
        };
        goes(decided(phase, &observation, true))
    };
    let done = after(Version::New, ActionResult::Done);
    assert_eq!(asked(&Phase::Upgrade, done), Phase::Restart);
    let rolled = asked(&Phase::Upgrade, after(Version::New, failed()));
    assert!(matches!(rolled, Phase::Rollback(_)));
    let rolled = asked(&HEALTHY, sick(Version::New));
    assert!(matches!(rolled, Phase::Rollback(_)));
    assert_eq!(
        asked(&rolled, after(old(), ActionResult::Done)),
        Phase::Restart
    );
}
