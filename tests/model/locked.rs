//! A lock with one slot in place of the claim's wait. A host with the lock goes out as in a layout
//! without a claim: it counts the others at each look, and once more before its app is touched.
//!
//! What is promised: as long as one agent at a time has the lock, never fewer than `min_available`,
//! whatever is paused. A lease that ends while its holder is paused leaves two holders. Then the
//! promise is that of a layout without a claim: in time, and never too many apps stopped.

use super::{Flaw, SINGLE, Settings, always, runs, search, search_with};
use farm::Lock;

const HELD: Settings = Settings {
    lock: Lock::Held,
    ..SINGLE
};

const EXPIRES: Settings = Settings {
    lock: Lock::Expires,
    ..SINGLE
};

#[test]
fn one_holder() {
    let three = Settings {
        hosts: 3,
        balancers: 2,
        min_available: 2,
        ..HELD
    };
    always(&search(&three), 200);
}

/// The lock stays with the host of an agent that died, until that host goes on.
#[test]
fn a_holder_that_dies() {
    let settings = Settings {
        balancers: 2,
        crashes: 1,
        reloads: 1,
        ..HELD
    };
    always(&search(&settings), 1_000);
}

#[test]
fn two_holders_give_way_in_time() {
    let settings = Settings {
        balancers: 2,
        in_time: true,
        ..EXPIRES
    };
    always(&search(&settings), 1_000);
}

#[test]
fn two_holders_that_are_late_never_stop_too_many_apps() {
    runs(&search(&EXPIRES), 500);
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
