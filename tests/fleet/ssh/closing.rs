//! `--close` and `--open` over three hosts, each of which needs another usable one.

use super::Rolling;
use super::schema::assert_fit;
use lab::estate::Estate;
use lab::traffic::{Traffic, assert_unnoticed};

/// The third host is the last one: its agent refuses, and the other two stay closed. Then all open at
/// once.
#[test]
fn closing_stops_at_the_floor_and_all_open_again() {
    let estate = Estate::of("ssh_close", 3);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let closed = estate.roll(&["--close", "--reason", "disks", "--for", "2h"], 1);
    println!("{}", closed.host(3).message);
    assert_eq!(closed.outcome, "failed");
    assert_eq!(closed.in_state("done"), [1, 2], "{closed:#?}");
    assert_eq!(closed.host(3).exit, Some(12), "{closed:#?}");
    for (number, open) in [(1, false), (2, false), (3, true)] {
        assert_eq!(estate.host(number).gates_are_open(), [open; 2], "{number}");
    }
    let begun = ("close".to_owned(), Some("disks".to_owned()));
    assert!(estate.remote(2).history().contains(&begun));

    let opened = estate.roll(&["--open"], 0);
    println!("{}", opened.message);
    assert_eq!(opened.batches.len(), 1, "all at once");
    assert_eq!(opened.in_state("done"), [1, 2, 3], "{opened:#?}");
    watch.stop().assert_at_most(2);
    assert_eq!(estate.boots(), [1; 3]);
    assert_unnoticed(&traffic.map(Traffic::stop));
    assert_fit([&closed, &opened]);
    estate.assert_no_connection();
}
