//! `haproxy_gate_verb=close` and `open` over three hosts, each of which needs another usable one.

use super::{ansible, assert_last_words, roll};
use lab::ansible::Core;
use lab::estate::{Estate, settings};
use lab::now;
use lab::traffic::{Traffic, assert_unnoticed};
use toml::Value;

/// A minute of a day that is not near today.
fn window() -> String {
    // 1970 began with a Thursday.
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let today = (now() / 86_400.0) as usize;
    format!("{} 00:00-00:01 UTC", days[(today + 3) % 7])
}

/// In an emergency, because it is outside of a host's window. The third host is the last one: its agent
/// refuses, and the other two stay closed. Then all open at once.
#[test]
fn closing_stops_at_the_floor_and_all_open_again() {
    let estate = Estate::of("ansible_close", 3);
    let ansible = ansible(&estate).with_core(Core::Oldest);
    let windows = Value::Array(vec![window().into()]);
    estate
        .remote(3)
        .configure(&settings().set("agent.windows", windows));
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let serial = ["-e", "haproxy_gate_serial=2"];
    let close = [
        "-e",
        "haproxy_gate_verb=close",
        "-e",
        "haproxy_gate_reason=disks",
    ];
    let emergency = ["-e", "haproxy_gate_outside_window=true"];
    let ended = roll(&ansible, &[&serial[..], &close, &emergency].concat()).wait();
    let wanted = [
        "The roll has stopped.",
        "done: web1, web2",
        "failed: web3: Close the host: ",
        "not reached: none",
        "continue with: --limit @",
    ];
    let ended = ended.expect_exit(2);
    assert_last_words(&ended, &wanted);
    assert!(ended.out.contains("(exit 12: too few"), "{}", ended.out);
    for (number, open) in [(1, false), (2, false), (3, true)] {
        assert_eq!(estate.host(number).gates_are_open(), [open; 2], "{number}");
    }
    let begun = ("close".to_owned(), Some("disks".to_owned()));
    assert!(estate.remote(2).history().contains(&begun));

    let ended = roll(&ansible, &["-e", "haproxy_gate_verb=open"]).wait();
    let all = "done: web1, web2, web3";
    assert_last_words(
        &ended.expect_exit(0),
        &["The roll is over.", all, "to do: none"],
    );
    watch.stop().assert_at_most(2);
    assert_eq!(estate.boots(), [1; 3]);
    assert_unnoticed(&traffic.map(Traffic::stop));
}
