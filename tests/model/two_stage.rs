//! Two-stage: a host announces itself by its twin before it goes.

use super::{ALL, Flaw, LIMITS, Settings, TWO_STAGE, always, search, search_with};

#[test]
fn three_hosts_behind_two_balancers() {
    let settings = Settings {
        hosts: 3,
        balancers: 2,
        min_available: 2,
        ..TWO_STAGE
    };
    always(&search(&settings), 200_000);
}

/// Two of them only serve.
#[test]
fn four_hosts_behind_two_balancers() {
    let settings = Settings {
        hosts: 4,
        at_rest: 2,
        balancers: 2,
        min_available: 3,
        ..TWO_STAGE
    };
    always(&search(&settings), 1_000);
}

#[test]
fn two_of_three_hosts_may_go() {
    let settings = Settings {
        hosts: 3,
        ..TWO_STAGE
    };
    always(&search(&settings), 80_000);
}

/// An agent dies at any moment, and the operator runs `recover` or `restart`. HAProxy is reloaded.
#[test]
fn deaths_and_reloads() {
    let both = Settings {
        crashes: 1,
        reloads: 1,
        clocks: LIMITS,
        ..TWO_STAGE
    };
    always(&search(&both), 150_000);
    let behind_two = Settings {
        balancers: 2,
        crashes: 1,
        ..TWO_STAGE
    };
    always(&search(&behind_two), 15_000);
    let reloaded = Settings {
        balancers: 2,
        reloads: 1,
        ..TWO_STAGE
    };
    always(&search(&reloaded), 15_000);
}

/// Each wait ends by its limit, and Ctrl-C comes.
#[test]
fn limits_and_signals() {
    let settings = Settings {
        interrupts: true,
        clocks: ALL,
        ..TWO_STAGE
    };
    always(&search(&settings), 30_000);
}

/// The answers of the balancers are of different moments.
#[test]
fn looks_that_take_their_time() {
    let settings = Settings {
        balancers: 2,
        one_by_one: true,
        ..TWO_STAGE
    };
    always(&search(&settings), 80_000);
}

#[test]
fn lines_that_rise_slowly() {
    let settings = Settings {
        balancers: 2,
        rise: 2,
        ..TWO_STAGE
    };
    always(&search(&settings), 3_000);
}

/// With `fall 1` a line that was just reloaded shows `UP`, also behind a closed gate, and no claim is
/// seen.
#[test]
fn fall_1_and_a_reload_are_not_promised() {
    let settings = Settings {
        fall: 1,
        reloads: 1,
        ..TWO_STAGE
    };
    let found = search(&settings);
    let story = found.too_few_usable.expect("too few usable");
    assert!(story.contains("Reload(0)"), "{story}");
    let quiet = Settings {
        reloads: 0,
        ..settings
    };
    always(&search(&quiet), 300);
}

#[test]
fn the_search_finds_each_fault_of_the_claim() {
    for flaw in [Flaw::NoWait, Flaw::NoClaims] {
        for balancers in [1, 2] {
            let settings = Settings {
                balancers,
                ..TWO_STAGE
            };
            let story = search_with(flaw, &settings).too_few_usable;
            let story = story.unwrap_or_else(|| panic!("{flaw:?} is not found"));
            // Both begin, claim, see that claim, and go out.
            assert!(story.lines().count() >= 10, "{flaw:?}: {story}");
        }
    }
}

#[test]
fn the_search_finds_hosts_that_wait_for_each_other() {
    let found = search_with(Flaw::NoPutBack, &TWO_STAGE);
    let story = found.stuck.expect("no way to the end");
    assert!(story.contains("host 1 claim"), "{story}");
    assert!(found.too_few_usable.is_none(), "they go, too");
}

/// A recovery after a death in `open` once closed the gates again, with users on them.
#[test]
fn the_search_finds_a_recovery_that_closes_gates_without_a_claim() {
    let settings = Settings {
        crashes: 1,
        ..TWO_STAGE
    };
    let found = search_with(Flaw::ClosesAgain, &settings);
    let story = found.too_few_usable.expect("too few usable");
    assert!(story.contains("died in open"), "{story}");
}
