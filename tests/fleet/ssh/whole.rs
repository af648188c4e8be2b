//! Eight hosts behind two HAProxies, with a lock in etcd: a day of their operators, under users.

use std::time::Instant;

use toml::{Table, Value};

use super::between::{self, Desk, ended};
use super::operators::two_operators;
use super::schema::assert_fit;
use super::switching::RELEASE;
use super::{Rolled, Rolling};
use lab::agent::Running;
use lab::estate::Estate;
use lab::etcd::Etcd;
use lab::load::record::Event;
use lab::settings::Settings;
use lab::site::BALANCER;
use lab::targets::{BLUE, Capacity, GREEN};
use lab::traffic::Traffic;

const HOSTS: usize = 8;

/// The most errors of the version at the users of one HAProxy.
const MOST: usize = 30;

/// The version fails under the users of the third host, and the way back returns the fleet. Its fix
/// goes in parts: an approval is refused, a hook stops it, a window closes in the middle, that of a host
/// ends. Then two operators do the rest at once. Of the users none meets more than the version's own
/// errors, and HAProxy never has fewer hosts.
#[test]
fn a_fleet_through_a_whole_day() {
    let estate = Estate::with_targets("ssh_whole", HOSTS, settings);
    let etcd = Etcd::start(&estate.site, 1);
    let capacity = estate.haproxies.each_ref().map(Capacity::start);
    let (traffic, begun) = (estate.traffic(), Instant::now());
    let step = |what: &str| println!("{:5.1} s: {what}", begun.elapsed().as_secs_f64());
    let sick = fails_on_the_third_host(&estate);
    step("the third host has failed");
    let back = returns(&estate);
    step("all are back");
    let desk = Desk::of(&estate);
    let canary = between::refused(&desk);
    step("an approval is refused");
    let (none, look) = between::stopped_by_a_hook(&desk, &canary);
    step("a hook has stopped the roll");
    let [batch, other] = between::closed_in_the_middle(&desk, &none, look);
    step("the window has closed");
    let outside = between::window_of_a_host(&desk, &batch);
    step("the window of a host has closed");
    let both = two_operators(&desk, &estate, &outside);
    step("two operators have done the rest");
    for number in 1..=HOSTS {
        estate.assert_current(number, GREEN);
    }
    assert_eq!(estate.boots(), [1; HOSTS], "blue is kept warm");
    assert_eq!(etcd.keys(0), 0, "each host has given the lock back");
    assert_only_the_version_failed(traffic);
    for looks in capacity.map(Capacity::stop) {
        looks.assert_never_fewer();
    }
    let rolls = [&sick, &canary, &none, &batch, &other, &outside];
    assert_fit(rolls.into_iter().chain(&back).chain(&both));
    estate.assert_no_connection();
}

fn settings(settings: Settings) -> Settings {
    let keys = [("for", "1s"), ("errors", "1%")];
    let keys = keys.map(|(key, value)| (key.to_owned(), Value::from(value)));
    let etcd = vec![Value::from(format!("http://{BALANCER}:2379"))];
    let settings = settings.set("lock.etcd", etcd).set("lock.group", "web");
    settings
        .set("app.web.keep", "10m")
        .set("app.web.settle", Table::from_iter(keys))
}

/// That host is back on its old version, and no further one begins.
fn fails_on_the_third_host(estate: &Estate) -> Rolled {
    estate.target(3, GREEN).fail_one_in(3);
    let rolled = estate.roll(&["--switch", "--to", GREEN, "--with", RELEASE], 1);
    assert_eq!(rolled.outcome, "failed");
    assert_eq!(rolled.in_state("done"), [1, 2], "{rolled:#?}");
    assert_eq!(rolled.in_state("not_reached"), [4, 5, 6, 7, 8]);
    let sick = rolled.host(3);
    println!("{}", sick.message);
    assert_eq!((sick.state.as_str(), sick.exit), ("failed", Some(17)));
    assert!(sick.message.contains("answered 5xx"), "{sick:#?}");
    for (number, name) in [(1, GREEN), (2, GREEN), (3, BLUE), (4, BLUE)] {
        estate.assert_current(number, name);
    }
    assert!(estate.target(4, GREEN).boots().is_empty(), "untouched");
    rolled
}

/// The other hosts have nothing to go back to, so a roll of all of them begins nowhere.
fn returns(estate: &Estate) -> [Rolled; 2] {
    let refused = estate.roll(&["--switch", "--back"], 3);
    assert_eq!(refused.outcome, "could_not_begin");
    assert_eq!(refused.host(1).message, "", "{refused:#?}");
    for number in [3, 4] {
        let says = "no target is ready beside blue, so --back has nothing to go back to";
        assert!(refused.host(number).message.contains(says), "{refused:#?}");
    }
    let words = ["--switch", "--back", "--batch", "100%", "web1", "web2"];
    let back = Running::start("rolling-restart", &mut estate.rolling(&words));
    let back = ended(back, 0);
    assert_eq!(back.outcomes(), ["switched_back"; 2], "{back:#?}");
    for number in [1, 2, 3] {
        estate.assert_current(number, BLUE);
    }
    estate.target(3, GREEN).heal();
    [refused, back]
}

/// It failed for some users, until its host was back.
fn assert_only_the_version_failed(traffic: [Traffic; 2]) {
    for users in traffic.map(Traffic::stop) {
        let by = format!("web3/{GREEN} ");
        let is_its_own = |one: &&Event| {
            let by = one.by.as_ref().is_some_and(|named| named.starts_with(&by));
            by && one.what == "status 500"
        };
        let own = users.failures.iter().filter(is_its_own).count();
        println!(
            "{} requests in {:.1} s, {:.0} a second; {own} answered 500 by the version, {} failed",
            users.requests,
            users.seconds,
            users.rate,
            users.failed - own
        );
        // The list is complete, so there is no other failure.
        assert_eq!(own, users.failed, "{:#?}", users.failures);
        assert!(own <= MOST, "{own} answers of 500");
        users.assert_enough();
    }
}
