//! The layouts without a claim. A host gives way to another one that goes at the same moment, if it
//! sees the first failed check, and acts, before the line is DOWN. If it is too late for that, it still
//! counts the others before its app is touched.

use super::{
    Core, Flaw, LIMITS, SINGLE, Settings, TWO_STAGE, always, never, runs, search, search_by,
    search_with,
};
use farm::{Found, Twin};

const IN_TIME: Settings = Settings {
    in_time: true,
    ..SINGLE
};

fn with_sticky_time(settings: &Settings) -> Found {
    search_by(settings, Core::new(settings).with_sticky_time())
}

#[test]
fn single() {
    let three = Settings {
        hosts: 3,
        min_available: 2,
        ..IN_TIME
    };
    always(&search(&three), 5_000);
    let behind_two = Settings {
        balancers: 2,
        clocks: LIMITS,
        ..IN_TIME
    };
    always(&search(&behind_two), 2_000);
}

#[test]
fn classic() {
    let settings = Settings {
        balancers: 2,
        twin: Twin::App,
        ..IN_TIME
    };
    always(&search(&settings), 2_000);
}

#[test]
fn two_stage_with_a_sticky_time() {
    let settings = Settings {
        in_time: true,
        clocks: LIMITS,
        ..TWO_STAGE
    };
    always(&with_sticky_time(&settings), 4_000);
}

/// An agent that is paused closes its gate late, or opens it late. So users may have too few servers,
/// until the last host that went sees it. Its app was not touched.
#[test]
fn late_looks_never_stop_too_many_apps() {
    let classic = Settings {
        twin: Twin::App,
        ..SINGLE
    };
    let behind_two = Settings {
        balancers: 2,
        ..classic.clone()
    };
    let three = Settings {
        hosts: 3,
        min_available: 2,
        ..SINGLE
    };
    let all = [
        (SINGLE, 300),
        (classic, 300),
        (behind_two, 2_000),
        (three, 5_000),
    ];
    for (settings, states) in all {
        let found = search(&settings);
        runs(&found, states);
        let found = search_with(Flaw::NoFloor, &settings);
        assert!(found.too_few_run.is_some(), "the floor is not needed");
    }
}

/// Right after a reload the first failed check turns a line DOWN.
#[test]
fn a_reload_never_stops_too_many_apps() {
    for twin in [Twin::None, Twin::App] {
        let settings = Settings {
            balancers: 2,
            reloads: 1,
            twin,
            ..IN_TIME
        };
        runs(&search(&settings), 1_000);
    }
}

/// An operation ended by its limit, with its line still DOWN. The next one takes no server away, so it
/// counts no others: see the README.
#[test]
fn a_host_that_was_down_when_it_began_is_not_counted() {
    let settings = Settings {
        clocks: LIMITS,
        ..SINGLE
    };
    let found = search(&settings);
    let story = found.too_few_run.expect("too few run");
    assert!(story.contains("idle, main open"), "{story}");
    never(&found.stuck, "no way to the end");
}

/// A dead agent gives way to no one, and its host is out when its next operation begins: see the README.
#[test]
fn a_death_is_not_promised() {
    let settings = Settings {
        crashes: 1,
        ..IN_TIME
    };
    let found = search(&settings);
    for story in [found.too_few_usable, found.too_few_run] {
        let story = story.expect("too few");
        assert!(story.contains("died in close"), "{story}");
    }
    never(&found.stuck, "no way to the end");
}

#[test]
fn the_search_finds_agents_that_give_no_way() {
    let found = search_with(Flaw::NoWay, &IN_TIME);
    assert!(found.too_few_usable.is_some());
}
