//! A line of one host that an operator of HAProxy holds in MAINT, and gives free at any moment.

use super::{Flaw, LIMITS, SINGLE, Settings, always, search, search_with};

/// The main line of the first host's new target. An operator may hold it until its gate opens.
const HELD_NEW: Settings = Settings {
    hosts: 1,
    switching: 1,
    held: Some(2),
    ..SINGLE
};

/// The old target serves until the new one is UP on each balancer.
#[test]
fn no_switch_to_a_held_line() {
    for balancers in [1, 2] {
        let settings = Settings {
            balancers,
            crashes: 1,
            clocks: LIMITS,
            ..HELD_NEW
        };
        always(&search(&settings), 100);
    }
}

#[test]
fn the_search_finds_a_switch_that_passes_a_held_line() {
    let settings = Settings {
        balancers: 2,
        ..HELD_NEW
    };
    let found = search_with(Flaw::PassesHeld, &settings);
    assert!(found.too_few_usable.is_some());
}
