//! A line of one host that an operator of HAProxy holds in MAINT, and gives free at any moment.

use super::{Flaw, LIMITS, SINGLE, Settings, TWO_STAGE, always, runs, search, search_with};

/// The twin of the first host. No other host sees a claim there.
const HELD_TWIN: Settings = Settings {
    held: Some(1),
    ..TWO_STAGE
};

/// The main line of the first host's new target. An operator may hold it until its gate opens.
const HELD_NEW: Settings = Settings {
    hosts: 1,
    switching: 1,
    held: Some(2),
    ..SINGLE
};

#[test]
fn a_host_without_its_claim_goes_in_time() {
    for balancers in [1, 2] {
        let settings = Settings {
            balancers,
            ..HELD_TWIN
        };
        let in_time = Settings {
            in_time: true,
            ..settings.clone()
        };
        always(&search(&in_time), 1_000);
        runs(&search(&settings), 1_000);
    }
}

/// It once took a twin that was given free, behind its closed gate, for a claim that others had seen.
#[test]
fn the_search_finds_a_claim_that_no_other_host_has_seen() {
    let settings = Settings {
        in_time: true,
        ..HELD_TWIN
    };
    let found = search_with(Flaw::ForgetsClaim, &settings);
    let story = found.too_few_usable.expect("too few usable");
    assert!(story.contains("Maint(0, false)"), "{story}");
}

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
