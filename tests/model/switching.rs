//! A switch: at no time has a balancer fewer usable hosts than before, and on the host some target serves. A
//! target goes only once the other one is UP on each balancer, and is stopped only when it is closed and quiet.
//!
//! Where a farm has `requests`, one comes to a target at any moment while a balancer takes its line for UP, and
//! ends at any moment. The agent sees each of them: what it counts is not in the model.

use super::{ALL, Flaw, LIMITS, SINGLE, Settings, always, never, search, search_with};
use farm::{Found, Lock, New, Twin};

/// The only host there is.
const ALONE: Settings = Settings {
    hosts: 1,
    switching: 1,
    requests: true,
    ..SINGLE
};

/// In two-stage each target has a twin of its own.
const WITH_TWINS: Settings = Settings {
    twin: Twin::Gate,
    ..ALONE
};

const LAYOUTS: [Twin; 3] = [Twin::None, Twin::App, Twin::Gate];

/// Its agent dies at any moment, each wait ends by its limit, and Ctrl-C comes.
#[test]
fn a_single_host() {
    let settings = Settings {
        crashes: 2,
        reloads: 1,
        interrupts: true,
        clocks: ALL,
        ..ALONE
    };
    always(&search(&settings), 1_000);
    let behind_two = Settings {
        balancers: 2,
        crashes: 1,
        reloads: 1,
        clocks: LIMITS,
        ..ALONE
    };
    always(&search(&behind_two), 1_000);
}

#[test]
fn a_single_host_with_twins() {
    for twin in [Twin::App, Twin::Gate] {
        let settings = Settings {
            twin,
            crashes: 1,
            reloads: 1,
            clocks: LIMITS,
            ..ALONE
        };
        always(&search(&settings), 1_000);
    }
}

/// The old target serves all the time.
#[test]
fn a_new_target_that_never_comes_up() {
    for twin in LAYOUTS {
        let settings = Settings {
            twin,
            new: New::Sick,
            crashes: 1,
            reloads: 1,
            clocks: LIMITS,
            ..ALONE
        };
        always(&search(&settings), 100);
    }
}

/// HAProxy sends users to it until its check fails. Another host serves meanwhile, and the switch goes back.
#[test]
fn a_new_target_that_fails_under_users() {
    for balancers in [1, 2] {
        let settings = Settings {
            hosts: 2,
            requests: false,
            at_rest: 1,
            balancers,
            new: New::Fails,
            crashes: 1,
            clocks: LIMITS,
            ..ALONE
        };
        always(&search(&settings), 300);
    }
}

/// They count the switching host by the lines of both its targets.
#[test]
fn beside_a_host_that_restarts() {
    let claims = Settings {
        hosts: 2,
        requests: false,
        crashes: 1,
        reloads: 1,
        ..WITH_TWINS
    };
    always(&search(&claims), 10_000);
    for twin in [Twin::None, Twin::App] {
        let in_time = Settings {
            hosts: 2,
            requests: false,
            balancers: 2,
            twin,
            in_time: true,
            ..ALONE
        };
        always(&search(&in_time), 1_000);
    }
}

/// Two hosts switch at the same moment, and no server is missing.
#[test]
fn two_hosts_that_switch() {
    let settings = Settings {
        hosts: 2,
        requests: false,
        switching: 2,
        balancers: 2,
        min_available: 2,
        crashes: 1,
        reloads: 1,
        ..ALONE
    };
    always(&search(&settings), 10_000);
}

#[test]
fn with_the_lock() {
    for lock in [Lock::Kept, Lock::Ends, Lock::Expires, Lock::Away] {
        let settings = Settings {
            hosts: 2,
            requests: false,
            switching: 2,
            min_available: 2,
            crashes: 1,
            lock,
            ..ALONE
        };
        always(&search(&settings), 500);
    }
    for twin in LAYOUTS {
        let beside_a_restart = Settings {
            hosts: 2,
            requests: false,
            twin,
            crashes: 1,
            lock: Lock::Kept,
            ..ALONE
        };
        always(&search(&beside_a_restart), 500);
    }
}

#[test]
fn the_search_finds_each_fault_of_a_switch() {
    type Story = fn(Found) -> Option<String>;
    let usable: Story = |found| found.too_few_usable;
    let cuts: Story = |found| found.cuts_users;
    let may = Settings {
        balancers: 2,
        reloads: 1,
        clocks: LIMITS,
        ..ALONE
    };
    let dies = Settings {
        crashes: 1,
        ..ALONE
    };
    let sick = Settings {
        new: New::Sick,
        clocks: LIMITS,
        ..ALONE
    };
    let fails = Settings {
        hosts: 2,
        at_rest: 1,
        new: New::Fails,
        ..ALONE
    };
    let all: [(Flaw, &Settings, Story); 9] = [
        (Flaw::JoinsBlind, &may, usable),
        (Flaw::WithdrawsBlind, &may, usable),
        (Flaw::NoDrain, &may, cuts),
        (Flaw::NoPark, &may, cuts),
        (Flaw::StopsAtOnce, &may, cuts),
        (Flaw::LeavesAtOnce, &dies, usable),
        (Flaw::EndsOpen, &may, |found| found.unsettled),
        (Flaw::TrustsStart, &sick, |found| found.none_open),
        (Flaw::JoinsAgain, &fails, |found| found.stuck),
    ];
    for (flaw, settings, story) in all {
        never(&search(settings).cuts_users, "without a flaw");
        let found = search_with(flaw, settings);
        assert!(story(found).is_some(), "{flaw:?} is not found");
    }
}
