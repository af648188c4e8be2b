//! The order of a roll, as both HAProxies see it.

use super::{Rolling, eight};
use lab::estate::Estate;
use lab::traffic::{Traffic, assert_unnoticed};

const ALL: [usize; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

/// Rolls all hosts in these batches, with at most so many out at the same moment. No user notices.
fn rolls(estate: &Estate, words: &[&str], batches: &[&[usize]], most: usize) -> super::Rolled {
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let begun = std::time::Instant::now();
    let rolled = estate.roll(words, 0);
    println!(
        "8 hosts {words:?}: {:.1} s; their agents {:.1} s, one after the other",
        begun.elapsed().as_secs_f64(),
        rolled.agents_seconds()
    );
    let seen = watch.stop();
    assert_unnoticed(&traffic.map(Traffic::stop));
    seen.assert_at_most(most);
    seen.assert_batches(batches);
    assert_eq!(rolled.outcome, "rolled");
    assert_eq!(rolled.in_state("done"), ALL, "{rolled:#?}");
    assert_eq!(estate.boots(), [2; 8]);
    estate.assert_no_record();
    estate.assert_no_connection();
    rolled
}

#[test]
fn hosts_go_one_by_one() {
    let estate = Estate::of("ssh_one", 8);
    let each: Vec<[usize; 1]> = ALL.map(|number| [number]).into();
    let batches: Vec<&[usize]> = each.iter().map(<[usize; 1]>::as_slice).collect();
    rolls(&estate, &[], &batches, 1);
}

#[test]
fn hosts_go_a_quarter_at_a_time() {
    let estate = Estate::of("ssh_quarter", 8);
    let batches: [&[usize]; 4] = [&[1, 2], &[3, 4], &[5, 6], &[7, 8]];
    rolls(&estate, &["--batch", "25%"], &batches, 2).assert_no_host_gave_way();
}

#[test]
fn a_canary_goes_first() {
    let estate = Estate::of("ssh_canary", 8);
    let batches: [&[usize]; 3] = [&[1], &[2, 3, 4, 5], &[6, 7, 8]];
    let words = ["--canary", "1", "--batch", "50%", "--pause", "1s"];
    let begun = std::time::Instant::now();
    rolls(&estate, &words, &batches, 4).assert_no_host_gave_way();
    assert!(begun.elapsed().as_secs() >= 2, "two pauses");
}

/// One half is more than HAProxy can spare: the roll asks HAProxy for the number.
#[test]
fn one_half_goes_first_within_what_haproxy_can_spare() {
    let estate = eight("ssh_seesaw", 6);
    let batches: [&[usize]; 2] = [&[1, 2, 3, 4], &[5, 6, 7, 8]];
    rolls(&estate, &["--seesaw"], &batches, 2).assert_no_host_gave_way();
}

#[test]
fn a_dry_run_changes_nothing() {
    let estate = eight("ssh_dry", 7);
    let watch = estate.watch();
    estate.remote(5).stop_app();
    let rolled = estate.roll(&["--dry-run", "--batch", "3"], 0);
    assert_eq!(rolled.outcome, "planned");
    // The host whose app is down comes first.
    assert_eq!(rolled.batches[0], ["web5", "web1", "web2"]);
    assert_eq!(rolled.batches.len(), 3);
    assert_eq!(estate.boots(), [1; 8]);
    assert_eq!(rolled.record, None);
    assert!(!estate.operator.dir.join("state").exists());
    estate.remote(5).sh("web start");
    drop(watch);
}
