//! Two operators who do not know of each other.

use nix::sys::signal::Signal;
use serde_json::Value;

use super::between::{Desk, ended};
use super::{Rolled, Rolling, eight};
use lab::agent::Running;
use lab::estate::Estate;
use lab::report::Report;
use lab::targets::GREEN;
use lab::traffic::{Traffic, assert_unnoticed};

/// Both roll the same eight hosts in different orders. Together they take out no more than one
/// alone may, and each restarts every host.
#[test]
fn two_operators_share_the_floor() {
    let estate = eight("ssh_two", 6);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let first = estate.start_roll(&["--batch", "4"]);
    let second = estate.start_roll(&["--seesaw", "--canary", "1"]);
    let ended = [first, second].map(|roll| Rolled::of(&roll.wait().expect_exit(0)));
    let seen = watch.stop();
    println!("most out at once: {:?}", seen.most());
    assert_unnoticed(&traffic.map(Traffic::stop));
    seen.assert_at_most(2);
    for rolled in ended {
        assert_eq!(rolled.in_state("done").len(), 8, "{rolled:#?}");
    }
    assert_eq!(estate.boots(), [3; 8]);
    estate.assert_no_record();
}

/// Another operator sees who has the lock. After his Ctrl-C nothing has happened.
pub(super) fn waits_for_the_lock(estate: &Estate) -> Rolled {
    let mut command = estate.rolling(&["--switch", "--to", GREEN, "web8"]);
    let roll = Running::start("rolling-restart", &mut command);
    roll.wait_for_word("until this host has the group's lock");
    let seen: Value = estate
        .remote(8)
        .sh("agent lock status --json")
        .parse()
        .expect("JSON");
    println!("another operator sees: {seen}");
    assert_eq!(seen["holders"][0]["id"], "web2/web", "{seen}");
    roll.interrupt(Signal::SIGINT);
    let rolled = ended(roll, 130);
    assert_eq!(rolled.in_state("not_reached"), [8], "{rolled:#?}");
    assert!(estate.target(8, GREEN).boots().is_empty(), "untouched");
    rolled
}

/// One goes on with the roll, the other one begins at its end. Each host switches once, and never two
/// at the same time.
pub(super) fn two_operators(desk: &Desk, estate: &Estate, before: &Rolled) -> [Rolled; 2] {
    let first = desk.resume(before, &["--hook", "true"]);
    let names: Vec<String> = (1..=8).rev().map(|number| format!("web{number}")).collect();
    let mut second = estate.rolling(&["--switch", "--to", GREEN, "--batch", "2"]);
    let second = Running::start("rolling-restart", second.args(names));
    let both = [first, second].map(|roll| ended(roll, 0));
    for rolled in &both {
        assert_eq!(rolled.in_state("done").len(), 8, "{rolled:#?}");
    }
    let agents = both.iter().flat_map(|rolled| &rolled.hosts);
    let reports = agents.filter_map(|host| host.agent.clone());
    let reports = reports.map(|one| serde_json::from_value::<Report>(one).expect("a report"));
    let (mut switched, others): (Vec<_>, Vec<_>) =
        reports.partition(|report| report.outcome == "switched");
    println!(
        "{} switched, {} had nothing to do",
        switched.len(),
        others.len()
    );
    assert_eq!((switched.len(), others.len()), (5, 8), "{switched:#?}");
    assert!(
        others.iter().all(|one| one.outcome == "nothing_to_do"),
        "{others:#?}"
    );
    switched.sort_by(|one, other| one.ended("lock").total_cmp(&other.ended("lock")));
    for pair in switched.windows(2) {
        let is_after = pair[1].had_the_lock_after(&pair[0]);
        assert!(is_after, "two at once: {pair:#?}");
    }
    both
}
