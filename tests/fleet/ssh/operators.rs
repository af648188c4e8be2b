//! Two operators who do not know of each other.

use super::{Rolled, Rolling, eight};
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
