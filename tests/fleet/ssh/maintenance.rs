//! `--maintenance` and `--readonly` over three hosts: on for all users, or for none of them.

use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::schema::assert_fit;
use super::{Rolled, Rolling};
use lab::agent::Running;
use lab::load::record::Summary;
use lab::now;
use lab::paged::Paged;
use lab::traffic::{Traffic, assert_unnoticed};

const ALL: [usize; 3] = [1, 2, 3];

const OFF: [&str; 4] = ["--maintenance", "off", "--reason", "moved"];

/// Users before a command, and after it has returned.
const AROUND: Duration = Duration::from_millis(700);

/// On, approved by ann, and off under users. Once the command has returned, only pages answer, and then
/// only apps. The app of the second host is sick at the first `off`.
#[test]
fn it_is_on_for_all_hosts_and_off_again() {
    let paged = Paged::open("ssh_page");
    let estate = &paged.estate;
    let on = ["--maintenance", "on", "--reason", "a move", "--for", "2h"];
    let on = turned(&paged, true, || {
        estate.roll(&[&on[..], &["--go-command", "echo ann"]].concat(), 0)
    });
    assert_eq!(on.approvals.len(), 1, "{on:#?}");
    let mut failed = None;
    let off = turned(&paged, false, || {
        failed = Some(fails_on_the_second(&paged));
        estate.roll(&OFF, 0)
    });
    assert_eq!(off.approvals.len(), 0, "{off:#?}");
    assert_eq!(off.host(2).exit, Some(0), "{off:#?}");
    for (verb, reason) in [("maintenance on", "a move"), ("maintenance off", "moved")] {
        let begun = (verb.to_owned(), Some(reason.to_owned()));
        for number in ALL {
            let history = estate.remote(number).history();
            assert!(history.contains(&begun), "{history:?}");
        }
    }
    assert_fit([&on, &off].into_iter().chain(&failed));
    estate.assert_no_connection();
}

/// On or off on all hosts at the end of this, under users.
fn turned(paged: &Paged, page: bool, act: impl FnOnce() -> Rolled) -> Rolled {
    let traffic = paged.estate.traffic();
    sleep(AROUND);
    let rolled = act();
    let at = now();
    sleep(AROUND);
    let met = traffic.map(Traffic::stop);
    println!("{}: {} requests", rolled.message, met[0].requests);
    let way = if page { "on" } else { "off" };
    assert_eq!(rolled.outcome, format!("maintenance_{way}"), "{rolled:#?}");
    assert_eq!(rolled.in_state("done"), ALL, "{rolled:#?}");
    paged.assert_on_page(&ALL, page);
    assert_unnoticed(&met);
    assert_only_since(&met, at, page);
    rolled
}

/// Its page stays, and it comes first. The apps of the other hosts serve.
fn fails_on_the_second(paged: &Paged) -> Rolled {
    let second = paged.estate.remote(2);
    second.hurry();
    second.app.set_sick(true);
    let failed = paged.estate.roll(&OFF, 1);
    println!("{}", failed.host(2).message);
    assert_eq!(failed.outcome, "failed", "{failed:#?}");
    assert_eq!(failed.hosts[0].host, "web2", "it comes first");
    assert_eq!(failed.in_state("failed"), [2], "{failed:#?}");
    assert_eq!(failed.in_state("done"), [1, 3], "{failed:#?}");
    paged.assert_on_page(&[2], true);
    paged.assert_on_page(&[1, 3], false);
    second.app.set_sick(false);
    failed
}

/// The dry run finds a page that does not answer. Nothing changes on any host.
#[test]
fn a_silent_page_stops_it_before_anything() {
    let mut paged = Paged::open("ssh_page_silent");
    paged.pages[1].daemon.process.stop();
    let estate = &paged.estate;
    let traffic = estate.traffic();
    let refused = estate.roll(&["--maintenance", "on"], 3);
    println!("{}", refused.host(2).message);
    assert_eq!(refused.outcome, "could_not_begin", "{refused:#?}");
    let silent = "the page at 10.77.0.12:1009 does not answer";
    assert!(refused.host(2).message.contains(silent), "{refused:#?}");
    for number in [1, 3] {
        let verbs = estate.remote(number).history();
        let begun = verbs.iter().any(|(verb, _)| verb.contains("maintenance"));
        assert!(!begun, "{verbs:?}");
    }
    paged.assert_on_page(&ALL, false);
    let met = traffic.map(Traffic::stop);
    assert_unnoticed(&met);
    assert!(met.iter().all(|users| pages(users) == 0), "{met:#?}");
}

/// The second host refuses after its dry run, so the first one comes back. The third one is held
/// closed: it is left out.
#[test]
fn off_undoes_what_was_done() {
    let paged = Paged::open("ssh_page_undone");
    let estate = &paged.estate;
    estate.remote(3).sh("agent close web --reason 'a disk'");
    let traffic = estate.traffic();
    let unlucky = paged.with_an_unlucky_host();
    let words = ["--maintenance", "on", "--reason=move", "--agent", unlucky];
    let rolled = estate.roll(&words, 1);
    assert_eq!(rolled.outcome, "failed", "{rolled:#?}");
    assert_eq!(rolled.in_state("failed"), [2], "{rolled:#?}");
    assert_eq!(rolled.in_state("undone"), [1], "{rolled:#?}");
    assert_eq!(rolled.in_state("skipped"), [3], "{rolled:#?}");
    assert_eq!(rolled.hosts[0].host, "web2", "it comes first");
    assert_eq!(rolled.host(2).exit, Some(11), "{rolled:#?}");
    let left_out = &rolled.host(3).message;
    assert!(left_out.contains("a disk"), "{left_out}");
    paged.assert_on_page(&[1, 2], false);
    assert_eq!(estate.host(3).gates_are_open(), [false; 2]);
    assert!(!estate.host(3).gate_is_open(2009));
    assert_unnoticed(&traffic.map(Traffic::stop));
}

/// HAProxy does not show the page of the first host UP, so its agent waits. The second Ctrl-C calls that
/// one off, and `off` undoes the other ones. After one Ctrl-C alone all hosts finish.
#[test]
fn ctrl_c_finishes_it_and_a_second_one_undoes_it() {
    let paged = Paged::open("ssh_page_ctrl_c");
    let estate = &paged.estate;
    let first = estate.remote(1);
    let traffic = estate.traffic();
    let checks = "INPUT -s 10.77.0.1 -p tcp --dport 1009 -j DROP";
    first.sh(&format!("iptables -A {checks}"));
    let roll = begun_but_on_the_first(&paged);
    roll.interrupt(Signal::SIGINT);
    let rolled = Rolled::of(&roll.wait().expect_exit(130));
    println!("{}", rolled.message);
    assert_eq!((rolled.outcome.as_str(), rolled.exit), ("interrupted", 130));
    assert_eq!(rolled.in_state("failed"), [1], "{rolled:#?}");
    assert_eq!(rolled.host(1).exit, Some(129), "{rolled:#?}");
    assert_eq!(rolled.in_state("undone"), [2, 3], "{rolled:#?}");
    paged.assert_on_page(&ALL, false);
    estate.assert_no_connection();

    let roll = begun_but_on_the_first(&paged);
    first.sh(&format!("iptables -D {checks}"));
    let rolled = Rolled::of(&roll.wait().expect_exit(0));
    assert_eq!(rolled.outcome, "maintenance_on", "{rolled:#?}");
    assert_eq!(rolled.in_state("done"), ALL, "{rolled:#?}");
    paged.assert_on_page(&ALL, true);
    assert_unnoticed(&traffic.map(Traffic::stop));
}

/// Two hosts are on the page, the first one is under way, and Ctrl-C came once.
fn begun_but_on_the_first(paged: &Paged) -> Running {
    let roll = paged.estate.start_roll(&["--maintenance", "on"]);
    for number in [2, 3] {
        let host = format!("web{number}");
        roll.wait_for_word(&format!("{host:20} done"));
    }
    roll.interrupt(Signal::SIGINT);
    roll.wait_for_word("stopping");
    paged.assert_on_page(&[2, 3], true);
    assert_eq!(paged.estate.host(1).gates_are_open(), [true; 2]);
    roll
}

/// On and off, and nowhere if one host can't.
#[test]
fn read_only_is_on_for_all_hosts_or_for_none() {
    let paged = Paged::open("ssh_readonly");
    let estate = &paged.estate;
    // One that is held closed has a marker, too.
    estate.remote(3).sh("agent close web --reason 'a disk'");
    let ways = [("on", "read_only", true), ("off", "writable", false)];
    let turned = ways.map(|(way, outcome, read_only)| {
        let rolled = estate.roll(&["--readonly", way, "--reason=a move"], 0);
        println!("{}", rolled.message);
        assert_eq!(rolled.outcome, outcome, "{rolled:#?}");
        paged.assert_read_only(&ALL, read_only);
        rolled
    });
    let begun = ("readonly on".to_owned(), Some("a move".to_owned()));
    assert!(estate.remote(3).history().contains(&begun));

    let unlucky = paged.with_an_unlucky_host();
    let words = ["--readonly", "on", "--for", "1h", "--agent", unlucky];
    let rolled = estate.roll(&words, 1);
    assert_eq!(rolled.in_state("failed"), [2], "{rolled:#?}");
    assert_eq!(rolled.host(2).exit, Some(11), "{rolled:#?}");
    assert_eq!(rolled.in_state("undone"), [1, 3], "{rolled:#?}");
    paged.assert_read_only(&ALL, false);
    assert_fit(turned.iter().chain([&rolled]));
    estate.assert_no_connection();
}

/// How many pages have served these users.
fn pages(met: &Summary) -> usize {
    met.served
        .keys()
        .filter(|name| name.contains("-page"))
        .count()
}

/// Requests that began after this moment met only pages, or only apps. There were some.
fn assert_only_since(met: &[Summary; 2], at: f64, page: bool) {
    for users in met {
        let late = |name: &str| users.served[name].last_asked > at;
        let (pages, apps): (Vec<&String>, Vec<&String>) =
            users.served.keys().partition(|name| name.contains("-page"));
        let (now, before) = if page { (pages, apps) } else { (apps, pages) };
        let served = &users.served;
        assert!(now.iter().any(|name| late(name)), "{served:#?}");
        assert!(!before.iter().any(|name| late(name)), "{at}: {served:#?}");
    }
}
