//! The lock of the group, with two slots. It lets two hosts go at once, so each announces itself by its claim
//! and counts the others as without a lock: the promise is that of its layout.

use super::{Flaw, SINGLE, Settings, TWO_STAGE, always, runs, search, search_with};
use farm::{Lock, Twin};

const TWO_SLOTS: Settings = Settings {
    hosts: 3,
    lock: Lock::Kept,
    slots: 2,
    ..TWO_STAGE
};

#[test]
fn two_holders_by_their_claims() {
    for min_available in [1, 2] {
        let settings = Settings {
            min_available,
            ..TWO_SLOTS
        };
        always(&search(&settings), 1_000);
    }
}

#[test]
fn a_holder_that_dies_behind_two_balancers() {
    let settings = Settings {
        hosts: 2,
        balancers: 2,
        crashes: 1,
        ..TWO_SLOTS
    };
    always(&search(&settings), 10_000);
    let settings = Settings {
        hosts: 2,
        crashes: 1,
        reloads: 1,
        ..TWO_SLOTS
    };
    always(&search(&settings), 1_000);
}

#[test]
fn without_a_claim_in_time() {
    for twin in [Twin::None, Twin::App] {
        let settings = Settings {
            twin,
            lock: Lock::Kept,
            slots: 2,
            ..SINGLE
        };
        let in_time = Settings {
            in_time: true,
            ..settings.clone()
        };
        always(&search(&in_time), 100);
        runs(&search(&settings), 100);
    }
}

#[test]
fn the_search_finds_holders_of_two_slots_that_do_not_claim() {
    let settings = Settings {
        hosts: 2,
        ..TWO_SLOTS
    };
    let found = search_with(Flaw::ThinksAlone, &settings);
    assert!(found.too_few_usable.is_some());
}
