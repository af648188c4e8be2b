//! The lock of the group, with one slot. A host that has it closes both gates at once: it does not wait
//! until its twin is DOWN. It counts the others at each look, and once more before its app is touched.
//!
//! What is promised: as long as one agent at a time has the lock, never fewer than `min_available`,
//! whatever is paused, and an agent may die. A lease that ends while its holder is paused leaves two
//! holders, and a lock server that is away leaves a holder beside a host that claims. Then the promise is
//! that of a layout without a claim: in time, and never too many apps stopped.

use super::{Flaw, LIMITS, SINGLE, Settings, TWO_STAGE, always, runs, search, search_with};
use farm::{First, Lock, Twin};

const KEPT: Settings = Settings {
    lock: Lock::Kept,
    ..TWO_STAGE
};

const EXPIRES: Settings = Settings {
    lock: Lock::Expires,
    ..TWO_STAGE
};

const AWAY: Settings = Settings {
    lock: Lock::Away,
    ..TWO_STAGE
};

/// The lock is all that the other layouts need for the promise of two-stage.
const OTHERS: [Twin; 2] = [Twin::None, Twin::App];

#[test]
fn one_holder() {
    let three = Settings {
        hosts: 3,
        balancers: 2,
        min_available: 2,
        ..KEPT
    };
    always(&search(&three), 1_000);
    for twin in OTHERS {
        let settings = Settings {
            twin,
            ..three.clone()
        };
        always(&search(&settings), 100);
    }
}

/// The lock stays with the host of an agent that died, until that host goes on.
#[test]
fn a_holder_that_dies() {
    let three = Settings {
        hosts: 3,
        balancers: 2,
        min_available: 2,
        crashes: 1,
        ..KEPT
    };
    always(&search(&three), 50_000);
    let settings = Settings {
        crashes: 1,
        reloads: 1,
        clocks: LIMITS,
        ..KEPT
    };
    always(&search(&settings), 10_000);
    for twin in OTHERS {
        let settings = Settings {
            twin,
            ..settings.clone()
        };
        always(&search(&settings), 1_000);
    }
}

/// As with etcd: another host may take the lock while the dead one is out, and before its operator has come.
#[test]
fn the_lease_of_a_dead_holder_ends() {
    for twin in [Twin::Gate, Twin::None, Twin::App] {
        let settings = Settings {
            crashes: 1,
            twin,
            lock: Lock::Ends,
            ..KEPT
        };
        always(&search(&settings), 100);
    }
}

#[test]
fn four_hosts_behind_two_balancers() {
    let settings = Settings {
        hosts: 4,
        balancers: 2,
        min_available: 3,
        ..KEPT
    };
    always(&search(&settings), 1_000);
}

/// The holder waits for the host whose app has failed. Only a restart of that host helps.
#[test]
fn a_host_whose_app_has_failed_does_not_wait_for_the_holder() {
    for (twin, balancers) in [
        (Twin::Gate, 1),
        (Twin::Gate, 2),
        (Twin::None, 2),
        (Twin::App, 2),
    ] {
        let settings = Settings {
            balancers,
            twin,
            first: First::Failed,
            ..KEPT
        };
        always(&search(&settings), 100);
        let stuck = search_with(Flaw::WaitsOut, &settings).stuck;
        let story = stuck.expect("both wait");
        assert!(story.contains("TakeLock(1)"), "{story}");
    }
}

/// It may come up at any moment of its way out, and the holder counts on it then.
#[test]
fn a_host_whose_line_flaps_takes_the_lock() {
    for (balancers, rise) in [(1, 1), (1, 2), (2, 1)] {
        let settings = Settings {
            balancers,
            rise,
            first: First::Flaps,
            ..KEPT
        };
        always(&search(&settings), 100);
    }
    for twin in OTHERS {
        let settings = Settings {
            twin,
            in_time: true,
            first: First::Flaps,
            ..KEPT
        };
        always(&search(&settings), 100);
    }
}

#[test]
fn the_search_finds_a_flapping_host_that_never_asks() {
    let settings = Settings {
        first: First::Flaps,
        ..KEPT
    };
    let found = search_with(Flaw::NeverAsks, &settings);
    assert!(found.too_few_usable.is_some());
}

#[test]
fn two_holders_give_way_in_time() {
    let settings = Settings {
        in_time: true,
        ..EXPIRES
    };
    always(&search(&settings), 10_000);
    let single = Settings {
        twin: Twin::None,
        balancers: 2,
        ..settings
    };
    always(&search(&single), 10_000);
}

#[test]
fn two_holders_that_are_late_never_stop_too_many_apps() {
    runs(&search(&EXPIRES), 5_000);
    let single = Settings {
        lock: Lock::Expires,
        ..SINGLE
    };
    runs(&search(&single), 2_000);
}

/// With `when_away = "claims"`.
#[test]
fn a_holder_beside_a_host_that_claims() {
    let in_time = Settings {
        in_time: true,
        ..AWAY
    };
    always(&search(&in_time), 10_000);
    runs(&search(&AWAY), 10_000);
}

/// With the lock a host must not trust in its own twin: other holders have not waited for it.
#[test]
fn the_search_finds_holders_that_give_no_way() {
    let settings = Settings {
        in_time: true,
        ..EXPIRES
    };
    let found = search_with(Flaw::NoWay, &settings);
    assert!(found.too_few_usable.is_some());
    let found = search_with(Flaw::NoFloor, &EXPIRES);
    assert!(found.too_few_run.is_some());
}

/// The lease's end lets a second host begin while the first one is out.
#[test]
fn the_search_finds_the_end_of_a_lease() {
    let found = search(&EXPIRES);
    let story = found.too_few_usable.expect("too few usable");
    assert!(story.contains("LoseLock"), "{story}");
}
