//! Farms with millions of states: `scripts/soak` searches them.

use super::{LIMITS, SINGLE, Settings, TWO_STAGE, always, search};
use farm::Lock;

const THREE: Settings = Settings {
    hosts: 3,
    min_available: 2,
    ..TWO_STAGE
};

#[test]
#[ignore = "minutes: scripts/soak runs it"]
fn three_hosts_behind_two_balancers_and_a_death() {
    let settings = Settings {
        balancers: 2,
        crashes: 1,
        ..THREE
    };
    always(&search(&settings), 1_000_000);
}

#[test]
#[ignore = "minutes: scripts/soak runs it"]
fn three_hosts_and_a_death() {
    let settings = Settings {
        crashes: 1,
        ..THREE
    };
    always(&search(&settings), 500_000);
}

#[test]
#[ignore = "minutes: scripts/soak runs it"]
fn four_hosts() {
    let settings = Settings {
        hosts: 4,
        min_available: 3,
        fall: 1,
        ..TWO_STAGE
    };
    always(&search(&settings), 1_000_000);
}

#[test]
#[ignore = "seconds: scripts/soak runs it"]
fn four_hosts_in_time() {
    let settings = Settings {
        hosts: 4,
        min_available: 3,
        in_time: true,
        ..SINGLE
    };
    always(&search(&settings), 200_000);
}

#[test]
#[ignore = "minutes: scripts/soak runs it"]
fn three_hosts_behind_two_balancers_and_a_reload() {
    let settings = Settings {
        balancers: 2,
        reloads: 1,
        ..THREE
    };
    always(&search(&settings), 1_000_000);
}

#[test]
#[ignore = "minutes: scripts/soak runs it"]
fn three_hosts_a_death_and_a_reload() {
    let settings = Settings {
        crashes: 1,
        reloads: 1,
        ..THREE
    };
    always(&search(&settings), 1_000_000);
}

/// Two hosts go, and the third one only serves.
#[test]
#[ignore = "minutes: scripts/soak runs it"]
fn two_of_three_hosts_behind_two_balancers_a_death_and_a_reload() {
    let settings = Settings {
        at_rest: 1,
        balancers: 2,
        crashes: 1,
        reloads: 1,
        ..THREE
    };
    always(&search(&settings), 1_000_000);
}

#[test]
#[ignore = "minutes: scripts/soak runs it"]
fn three_hosts_with_a_lock_behind_two_balancers_a_death_and_a_reload() {
    let settings = Settings {
        balancers: 2,
        crashes: 1,
        reloads: 1,
        lock: Lock::Kept,
        ..THREE
    };
    always(&search(&settings), 1_000_000);
}

/// Each target has a twin of its own.
#[test]
#[ignore = "minutes: scripts/soak runs it"]
fn a_switch_with_twins_beside_a_restart_behind_two_balancers() {
    let settings = Settings {
        hosts: 2,
        switching: 1,
        balancers: 2,
        crashes: 1,
        reloads: 1,
        ..TWO_STAGE
    };
    always(&search(&settings), 1_000_000);
}

#[test]
#[ignore = "minutes: scripts/soak runs it"]
fn a_switch_with_twins_behind_two_balancers_a_death_and_a_reload() {
    let settings = Settings {
        hosts: 1,
        switching: 1,
        balancers: 2,
        crashes: 1,
        reloads: 1,
        clocks: LIMITS,
        requests: true,
        ..TWO_STAGE
    };
    always(&search(&settings), 30_000);
}

#[test]
#[ignore = "minutes: scripts/soak runs it"]
fn two_switches_beside_a_restart_in_time() {
    let settings = Settings {
        hosts: 3,
        switching: 2,
        balancers: 2,
        min_available: 2,
        in_time: true,
        ..SINGLE
    };
    always(&search(&settings), 200_000);
}
