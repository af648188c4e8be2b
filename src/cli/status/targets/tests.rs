//! What the operator reads of targets. Blue is current.

use super::*;
use crate::gate::Destination;
use crate::haproxy::Role;

const RECOVER: &str = "`agent recover web`";

fn seen(name: &str, runs: bool, position: Position, parked: ParkingPosition) -> SeenTarget {
    let is_idle = name != "blue";
    let gate = Gate {
        target: Some(name.to_owned()),
        status_port: 2001,
        ..Gate::of_web(Role::Main)
    };
    SeenTarget {
        look: TargetLook {
            name: name.to_owned(),
            open: false,
            runs,
            health: runs.then_some(()).ok_or_else(|| "refused".to_owned()),
        },
        gates: vec![(gate, position)],
        wanted: Parking {
            target: name.to_owned(),
            port: 1001,
            to: is_idle.then_some(Destination::Port(1000)),
        },
        parked,
    }
}

fn green(runs: bool, position: Position, parked: ParkingPosition) -> SeenTarget {
    seen("green", runs, position, parked)
}

fn targets(record: Option<&Intent>, green: SeenTarget) -> SeenTargets<'_> {
    let blue = seen("blue", true, Position::Open, ParkingPosition::NotSet);
    SeenTargets {
        app: "web",
        current: "blue",
        parked_on: "blue",
        record,
        all: vec![blue, green],
    }
}

fn record(until: Option<Option<u64>>) -> Intent {
    Intent {
        ready: until.map(|_| "green".to_owned()),
        ready_until_unix_s: until.flatten(),
        ..Intent::now("blue")
    }
}

/// 2100-01-01.
const LATER: u64 = 4_102_444_800;

#[test]
fn an_idle_target_is_described_in_one_line() {
    use ParkingPosition::{NotSet, Set};
    let over = "ready until 1970-01-01T00:00:07Z, which is over: while the gates are open, the sidecar or \
                `agent switch web --finish` stops it, parked on blue";
    for (until, runs, parked, says) in [
        (None, false, Set, "stopped, parked on blue"),
        (None, false, NotSet, "stopped, not parked"),
        (None, true, Set, "running, parked on blue"),
        (
            Some(Some(LATER)),
            true,
            Set,
            "ready until 2100-01-01T00:00:00Z, parked on blue",
        ),
        (Some(Some(7)), true, Set, over),
        (
            Some(None),
            true,
            NotSet,
            "left running until `agent switch web --finish`, not parked",
        ),
        (Some(Some(LATER)), false, Set, "stopped, parked on blue"),
    ] {
        let record = record(until);
        let all = targets(Some(&record), green(runs, Position::Closed, parked)).report();
        assert_eq!(all[1].text, says);
        assert_eq!(all[1].ready_until_unix_seconds, until.flatten());
        assert_eq!((all[0].current, all[1].current), (true, false));
    }
    let failed = record(None).with_failed("green");
    let all = targets(Some(&failed), green(true, Position::Closed, Set)).report();
    let says = "left running by a failed switch until `agent switch web --finish`, parked on blue";
    assert_eq!(all[1].text, says);
}

#[test]
fn an_idle_target_is_no_trouble() {
    for runs in [true, false] {
        let green = green(runs, Position::Closed, ParkingPosition::Set);
        assert!(targets(None, green).trouble(RECOVER).is_empty());
    }
    let unknown = || "needs root".to_owned();
    let unseen = green(
        true,
        Position::Unknown(unknown()),
        ParkingPosition::Unknown(unknown()),
    );
    let unseen = targets(None, unseen);
    assert!(unseen.trouble(RECOVER).is_empty());
    assert_eq!(unseen.report()[1].parked, None);
}

#[test]
fn an_open_gate_and_a_lost_parking_rule_are_trouble() {
    let open = green(true, Position::Open, ParkingPosition::NotSet);
    let open = targets(None, open);
    assert_eq!(open.report()[1].text, "running, not parked, gate 2001 open");
    let trouble = open.trouble(RECOVER);
    assert_eq!(trouble.len(), 2, "{trouble:?}");
    assert!(trouble[0].starts_with("gates of green are not closed, although blue is current"));
    assert!(trouble[0].ends_with("`agent recover web` closes them"));
    assert!(trouble[1].ends_with("`agent recover web` parks it on blue"));
    assert!(open.trouble("the sidecar")[0].ends_with("the sidecar closes them"));
}

/// Users of the current target would reach another one.
#[test]
fn a_current_target_that_is_parked_is_trouble() {
    let green = green(false, Position::Closed, ParkingPosition::Set);
    let mut all = targets(None, green);
    all.all[0].parked = ParkingPosition::Broken("x".to_owned());
    let trouble = all.trouble(RECOVER);
    assert_eq!(trouble.len(), 1, "{trouble:?}");
    assert!(trouble[0].starts_with("the port of blue is broken (x)"));
}
