//! `--replace web1=web3`: one host in the place of another, and back, under users.

use super::schema::assert_fit;
use super::{Rolled, Rolling};
use lab::agent::Running;
use lab::estate::Estate;
use lab::traffic::{Traffic, assert_unnoticed};

const PAIR: [&str; 2] = ["--replace", "web1=web3"];

/// The third host is held closed at the begin: it is the new one.
fn estate(test: &str) -> Estate {
    let estate = Estate::of(test, 3);
    estate.remote(3).sh("agent close web --reason new");
    estate
}

fn replace(estate: &Estate, words: &[&str], exit: i32) -> Rolled {
    let running = start(estate, words);
    let rolled = Rolled::of(&running.wait().expect_exit(exit));
    println!("{}", rolled.message);
    rolled
}

fn start(estate: &Estate, words: &[&str]) -> Running {
    let words = [&PAIR[..], words].concat();
    Running::start("rolling-restart", &mut estate.rolling(&words))
}

/// Whether the gates of each host are open.
fn assert_open(estate: &Estate, open: [bool; 3]) {
    let seen = [1, 2, 3].map(|number| estate.host(number).gates_are_open());
    assert_eq!(seen, open.map(|open| [open; 2]));
}

/// At no time are fewer hosts in rotation than at the begin, and the old host ends the request that it
/// has at its close. The way back ends with `--finish`.
#[test]
fn a_host_takes_the_place_of_another_and_gives_it_back() {
    let estate = estate("ssh_replace");
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let settle = ["--settle", "1s", "--reason", "disks"];
    let done = replaces_under_a_request(&estate);
    assert_eq!(done.outcome, "replaced", "{done:#?}");
    assert_eq!(done.in_state("done"), [1, 3], "{done:#?}");
    assert_open(&estate, [false, true, true]);
    let closed = Some("replaced by web3: disks".to_owned());
    let closed = ("close".to_owned(), closed);
    assert!(estate.remote(1).history().contains(&closed));

    let back = replace(&estate, &["--settle", "0s", "--back"], 0);
    assert_eq!(back.outcome, "replaced_back", "{back:#?}");
    assert_open(&estate, [true, true, false]);

    replace(&estate, &settle, 0);
    let finished = replace(&estate, &["--finish"], 0);
    assert_eq!(finished.outcome, "finished", "{finished:#?}");
    let refused = replace(&estate, &["--back"], 3);
    let says = "not replaced by web3, or for good";
    assert!(refused.host(1).message.contains(says), "{refused:#?}");
    assert_open(&estate, [false, true, true]);
    watch.stop().assert_at_most(1);
    assert_unnoticed(&traffic.map(Traffic::stop));
    assert_eq!(estate.boots(), [1; 3]);
    assert_fit([&done, &back, &finished, &refused]);
    estate.assert_no_connection();
}

/// The old host closes while it still has a long request.
fn replaces_under_a_request(estate: &Estate) -> Rolled {
    let request = estate.held_request(1);
    let running = start(estate, &["--settle", "2s", "--reason", "disks"]);
    running.wait_for_word(&format!("{:20} settle", "web3"));
    estate.remote(1).wait_for_phase("drain");
    estate.remote(1).answer_now();
    let ended = running.wait().expect_exit(0);
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.ended_at < ended.at, "closed under a request");
    Rolled::of(&ended)
}

/// The new host's app dies under users: it is closed again, and the old host still serves.
#[test]
fn a_new_host_that_fails_in_its_time_is_closed_again() {
    let estate = estate("ssh_replace_sick");
    let running = start(&estate, &["--settle", "1m"]);
    running.wait_for_word(&format!("{:20} settle", "web3"));
    estate.remote(3).stop_app();
    let failed = Rolled::of(&running.wait().expect_exit(1));
    let message = &failed.host(3).message;
    println!("{message}");
    assert!(message.ends_with("; closed again"), "{failed:#?}");
    assert_eq!(failed.in_state("failed"), [3]);
    assert_eq!(failed.in_state("not_reached"), [1]);
    assert_open(&estate, [true, true, false]);
    estate.assert_no_connection();
}
