//! `haproxy_gate_verb=close` and `open` over three hosts, each of which needs another usable one.

use std::fs;

use super::{ansible, assert_last_words, roll};
use lab::agent::Ended;
use lab::ansible::{Ansible, Core};
use lab::estate::{Estate, settings};
use lab::now;
use lab::traffic::{Traffic, assert_unnoticed};
use toml::Value;

/// The configuration of a host once its window has closed.
const LATER: &str = "etc/haproxy-gate/later.toml";

/// Tasks before a host is touched.
const CLOSE_THE_WINDOW: &str = "\
- name: Close the window
  ansible.builtin.shell: cp /etc/haproxy-gate/later.toml /etc/haproxy-gate/agent.toml
  when: inventory_hostname == 'web3'
";

/// A minute of a day that is not near today.
fn window() -> String {
    // 1970 began with a Thursday.
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let today = (now() / 86_400.0) as usize;
    format!("{} 00:00-00:01 UTC", days[(today + 3) % 7])
}

/// The third host's window closes in the middle. In an emergency it is the floor that its agent
/// refuses by, and the other two stay closed. Then all open at once.
#[test]
fn closing_stops_at_a_window_and_at_the_floor_and_all_open_again() {
    let estate = Estate::of("ansible_close", 3);
    let ansible = ansible(&estate).with_core(Core::Oldest);
    let windows = Value::Array(vec![window().into()]);
    let later = settings().set("agent.windows", windows).text();
    fs::write(estate.remote(3).file(LATER), later).expect("a file");
    ansible.write("pre.yml", CLOSE_THE_WINDOW);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let close = ["haproxy_gate_verb=close", "haproxy_gate_reason=disks"];
    let pre = ["haproxy_gate_pre_tasks=pre.yml", "haproxy_gate_serial=2"];
    let ended = rolled(&ansible, &[&close[..], &pre].concat(), &[], 2);
    let wanted = [
        "The roll has stopped.",
        "done: web1, web2",
        "outside of the window: web3: Close the host: refused: it is ",
        "not reached: none",
        "continue with: --limit @",
    ];
    assert_last_words(&ended, &wanted);
    let code = "(exit 21: the operation may not begin outside";
    assert!(ended.out.contains(code), "{}", ended.out);
    assert_eq!(estate.host(3).gates_are_open(), [true; 2]);

    let emergency = [&close[..], &["haproxy_gate_outside_window=true"]].concat();
    let on_the_rest = ["--limit", "@rolling_restart.retry"];
    let refused = rolled(&ansible, &emergency, &on_the_rest, 2);
    for words in [
        "The roll did not begin. Problems:",
        "web3",
        "(exit 12: too few",
    ] {
        assert!(
            refused.out.contains(words),
            "no {words:?} in {}",
            refused.out
        );
    }
    for (number, open) in [(1, false), (2, false), (3, true)] {
        assert_eq!(estate.host(number).gates_are_open(), [open; 2], "{number}");
    }
    let begun = ("close".to_owned(), Some("disks".to_owned()));
    assert!(estate.remote(2).history().contains(&begun));

    let ended = rolled(&ansible, &["haproxy_gate_verb=open"], &[], 0);
    let all = "done: web1, web2, web3";
    assert_last_words(&ended, &["The roll is over.", all, "to do: none"]);
    watch.stop().assert_at_most(2);
    assert_eq!(estate.boots(), [1; 3]);
    assert_unnoticed(&traffic.map(Traffic::stop));
}

fn rolled(ansible: &Ansible, variables: &[&str], words: &[&str], exit: i32) -> Ended {
    let variables = variables.iter().flat_map(|one| ["-e", one]);
    let words: Vec<&str> = variables.chain(words.iter().copied()).collect();
    roll(ansible, &words).wait().expect_exit(exit)
}
