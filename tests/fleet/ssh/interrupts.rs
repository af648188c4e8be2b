//! One Ctrl-C, two, and the roll that goes on afterwards.

use nix::sys::signal::Signal;

use super::schema::assert_fit;
use super::{Rolled, Rolling, eight};
use lab::traffic::{Traffic, assert_unnoticed};

/// The roll finishes the hosts under way and starts no more. The next roll leaves out the finished
/// ones.
#[test]
fn one_ctrl_c_finishes_the_hosts_under_way() {
    let estate = eight("ssh_once", 1);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let held_up = estate.held_request(3);
    let roll = estate.start_roll(&["--batch", "3"]);
    estate.remote(3).wait_for_phase("drain");
    roll.interrupt(Signal::SIGINT);
    roll.wait_for_word("stopping");
    estate.remote(3).answer_now();
    let rolled = Rolled::of(&roll.wait().expect_exit(130));
    assert_eq!(held_up.answer().status, 200);
    assert_eq!(rolled.outcome, "interrupted");
    assert_eq!(rolled.in_state("done"), [1, 2, 3], "{rolled:#?}");
    assert_eq!(rolled.in_state("not_reached"), [4, 5, 6, 7, 8]);
    assert_eq!(estate.boots(), [2, 2, 2, 1, 1, 1, 1, 1]);
    assert!(rolled.record.as_ref().is_some_and(|record| record.exists()));

    let last = estate.go_on(&rolled, 0);
    assert_eq!(last.in_state("done").len(), 8);
    assert_fit([&rolled, &last]);
    assert_eq!(estate.boots(), [2; 8]);
    let seen = watch.stop();
    seen.assert_at_most(3);
    seen.assert_batches(&[&[1, 2, 3], &[4, 5, 6], &[7, 8]]);
    assert_unnoticed(&traffic.map(Traffic::stop));
    estate.assert_no_record();
    estate.assert_no_connection();
}

/// The second Ctrl-C calls off the running agents: the app is untouched, the gates are open again.
#[test]
fn two_ctrl_c_call_off_the_hosts_under_way() {
    let estate = eight("ssh_twice", 1);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let held_up = [1, 2].map(|number| estate.held_request(number));
    let roll = estate.start_roll(&["--batch", "2"]);
    for number in [1, 2] {
        estate.remote(number).wait_for_phase("drain");
    }
    roll.interrupt(Signal::SIGTERM);
    roll.wait_for_word("stopping");
    roll.interrupt(Signal::SIGTERM);
    let rolled = Rolled::of(&roll.wait().expect_exit(143));
    assert_eq!((rolled.outcome.as_str(), rolled.exit), ("interrupted", 143));
    assert_eq!(rolled.in_state("failed"), [1, 2], "{rolled:#?}");
    for number in [1, 2] {
        assert_eq!(rolled.host(number).exit, Some(129), "{rolled:#?}");
    }
    assert!(rolled.message.contains("0 of 8 hosts done"), "{rolled:#?}");
    drop(held_up);
    assert_eq!(estate.boots(), [1; 8]);
    // An agent that is called off reopens and leaves. HAProxy needs some checks after that.
    estate.wait_until_all_up();
    let seen = watch.stop();
    seen.assert_at_most(2);
    seen.assert_batches(&[&[1, 2]]);
    assert!(seen.spans().iter().all(|span| span.to.is_some()));
    assert_unnoticed(&traffic.map(Traffic::stop));
    estate.assert_no_connection();
}
