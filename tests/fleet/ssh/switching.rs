//! `--switch` over three hosts with two targets each: a new version beside the old one, and back.

use super::{Rolled, Rolling};
use lab::agent::Running;
use lab::estate::Estate;
use lab::now;
use lab::settings::Settings;
use lab::targets::{BLUE, Capacity, GREEN};
use lab::traffic::{Traffic, assert_unnoticed};
use toml::{Table, Value};

const ALL: [usize; 3] = [1, 2, 3];

/// The command that prepares the idle target of a host.
const RELEASE: &str = ". \"/etc/default/web-$AGENT_TARGET\"; echo 2 >\"$dir/version\"";

/// The outcomes of the agents.
fn outcomes(rolled: &Rolled) -> Vec<&str> {
    let reports = rolled.hosts.iter().map(|host| host.agent.as_ref());
    let words = reports.map(|one| one.and_then(|report| report["outcome"].as_str()));
    words.map(|word| word.unwrap_or("no report")).collect()
}

/// No user notices. A second roll finds nothing to do. The way back goes on all hosts at once.
#[test]
fn a_roll_switches_each_host_and_back() {
    let warm = |settings: Settings| settings.set("app.web.keep", "10m");
    let estate = Estate::with_targets("ssh_switch", 3, warm);
    let capacity = estate.haproxies.each_ref().map(Capacity::start);
    let traffic = estate.traffic();
    let to_green = ["--switch", "--to", "green", "--with", RELEASE];
    let rolled = estate.roll(&to_green, 0);
    let switched_at = now();
    assert_eq!(outcomes(&rolled), ["switched"; 3], "{rolled:#?}");
    assert_eq!(rolled.batches.len(), 3, "one by one");
    for number in ALL {
        estate.assert_current(number, GREEN);
        assert!(estate.runs(number, BLUE), "kept warm");
    }
    let again = [&to_green[..], &["--batch", "100%"]].concat();
    let again = estate.roll(&again, 0);
    assert_eq!(outcomes(&again), ["nothing_to_do"; 3], "{again:#?}");
    let met = traffic.map(Traffic::stop);
    for users in &met {
        for number in ALL {
            let green = &users.served[&format!("web{number}/green 2")];
            assert!(green.last > switched_at, "green of host {number} serves");
            let blue = &users.served[&format!("web{number}/blue 1")];
            assert!(blue.last_asked < switched_at, "blue of host {number}");
        }
    }
    assert_unnoticed(&met);

    let traffic = estate.traffic();
    let back = estate.roll(&["--switch", "--back", "--batch", "100%"], 0);
    assert_unnoticed(&traffic.map(Traffic::stop));
    assert_eq!(outcomes(&back), ["switched_back"; 3], "{back:#?}");
    for number in ALL {
        estate.assert_current(number, BLUE);
    }
    assert_eq!(estate.boots(), [1; 3], "a warm target does not start again");
    for looks in capacity.map(Capacity::stop) {
        looks.assert_never_fewer();
    }
    estate.assert_no_record();
    estate.assert_no_connection();
}

/// The host is back on its old version, and the third host is untouched. Then the operator takes the
/// first one back, too.
#[test]
fn a_version_that_fails_under_users_stops_the_roll() {
    let watched = |settings: Settings| {
        let keys = [("for", "1s"), ("errors", "1%")];
        let keys = keys.map(|(key, value)| (key.to_owned(), Value::from(value)));
        let settle = Table::from_iter(keys);
        let settings = settings.set("app.web.keep", "10m");
        settings.set("app.web.settle", settle)
    };
    let estate = Estate::with_targets("ssh_swapped_back", 3, watched);
    estate.target(2, GREEN).fail_one_in(3);
    let traffic = estate.traffic();
    let rolled = estate.roll(&["--switch", "--to", "green"], 1);
    assert_eq!(rolled.outcome, "failed");
    assert_eq!(rolled.in_state("done"), [1], "{rolled:#?}");
    assert_eq!(rolled.in_state("not_reached"), [3]);
    let sick = rolled.host(2);
    println!("{}", sick.message);
    assert_eq!((sick.state.as_str(), sick.exit), ("failed", Some(17)));
    assert!(sick.message.contains("answered 5xx"), "{sick:#?}");
    for (number, name) in [(1, GREEN), (2, BLUE), (3, BLUE)] {
        estate.assert_current(number, name);
    }
    assert!(estate.target(3, GREEN).boots().is_empty(), "untouched");

    // Two hosts have nothing to go back to, so the roll does not begin on the other one either.
    let refused = estate.roll(&["--switch", "--back"], 3);
    assert_eq!(refused.outcome, "could_not_begin");
    assert_eq!(refused.host(1).message, "", "{refused:#?}");
    for number in [2, 3] {
        let says = "no target is ready beside blue, so --back has nothing to go back to";
        assert!(refused.host(number).message.contains(says), "{refused:#?}");
    }
    estate.assert_current(1, GREEN);
    let mut back = estate.rolling(&["--switch", "--back", "web1"]);
    let back = Running::start("rolling-restart", &mut back).wait();
    let back = Rolled::of(&back.expect_exit(0));
    assert_eq!(outcomes(&back), ["switched_back"], "{back:#?}");
    for number in ALL {
        estate.assert_current(number, BLUE);
    }
    for users in traffic.map(Traffic::stop) {
        let failures = users.failures.iter();
        let others: Vec<_> = failures.filter(|one| one.what != "status 500").collect();
        assert!(others.is_empty(), "{others:?}");
    }
}
