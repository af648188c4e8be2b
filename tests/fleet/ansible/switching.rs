//! `state: switched` on hosts with two targets each: rolls, and the module on one host.

use serde_json::{Value, json};

use super::{ModuleResult, ansible, assert_last_words, roll, start};
use lab::agent::Running;
use lab::ansible::{Ansible, Core};
use lab::estate::Estate;
use lab::load::record::Summary;
use lab::settings::Settings;
use lab::targets::{BLUE, Capacity, GREEN};
use lab::traffic::{Traffic, assert_unnoticed};

const MODULE: &str = "haproxy_gate.agent.agent";
const RELEASE: &str = ". \"/etc/default/web-$AGENT_TARGET\"; echo 2 >\"$dir/version\"";
const ALL: [usize; 3] = [1, 2, 3];

fn on_web1(ansible: &Ansible, arguments: &str, words: &[&str]) -> ModuleResult {
    let mut command = ansible.module(MODULE, "web1", arguments, words);
    ModuleResult::of(start(&mut command).wait())
}

fn outcome(result: &Value) -> &str {
    result["outcome"].as_str().expect("a word")
}

/// One host switches, and the module says so. The next one has a sick version: the roll stops, with
/// the agent's message. A roll takes the first host back. No user notices.
#[test]
fn a_version_that_is_not_placed_stops_the_roll() {
    let warm = |settings: Settings| settings.set("app.web.keep", "10m");
    let estate = Estate::with_targets("ansible_not_placed", 3, warm);
    estate.remote(2).hurry();
    let ansible = ansible(&estate).with_core(Core::Oldest);
    let capacity = estate.haproxies.each_ref().map(Capacity::start);
    let traffic = estate.traffic();
    estate.target(2, GREEN).set_sick(true);
    let ended = switching(&ansible, "1").wait().expect_exit(2);
    let why =
        "failed: web2: Switch the app: not switched to green: it was not healthy in time: 503";
    let wanted = [
        "The roll has stopped.",
        "done: web1",
        why,
        "not reached: web3",
        "continue with: --limit @",
    ];
    assert_last_words(&ended, &wanted);
    let means = "(exit 18: switch, maintenance: no room, or what";
    assert!(ended.out.contains(means), "{}", ended.out);
    for (number, name) in [(1, GREEN), (2, BLUE), (3, BLUE)] {
        estate.assert_current(number, name);
    }
    assert!(estate.target(3, GREEN).boots().is_empty(), "untouched");

    let again = on_web1(&ansible, "state=switched target=green", &[]).expect(false);
    assert_eq!(outcome(&again), "nothing_to_do");
    // The other hosts have nothing to go back to, so a roll over all does not begin.
    let back = ["-e", "haproxy_gate_back=true"];
    let refused = roll(&ansible, &back).wait().expect_exit(2);
    let says = "no target is ready beside blue, so --back has nothing to go back to";
    assert!(refused.out.contains(says), "{}", refused.out);
    let back = [&back[..], &["--limit", "web1"]].concat();
    let ended = roll(&ansible, &back).wait().expect_exit(0);
    assert_last_words(&ended, &["The roll is over.", "done: web1", "to do: none"]);
    for number in ALL {
        estate.assert_current(number, BLUE);
    }
    let met = traffic.map(Traffic::stop);
    assert_unnoticed(&met);
    assert_served(&met, &["web1/green 2"]);
    for looks in capacity.map(Capacity::stop) {
        looks.assert_never_fewer();
    }
}

/// All hosts, and all back at once. In between the module takes one host back and has it switch again.
#[test]
#[ignore = "scripts/soak runs it"]
fn a_roll_switches_each_host_and_back() {
    let estate = Estate::with_targets("ansible_switch", 3, |settings| settings);
    let ansible = ansible(&estate).with_core(Core::Newest);
    let traffic = estate.traffic();
    let all = ["The roll is over.", "done: web1, web2, web3", "to do: none"];
    let ended = switching(&ansible, "1,100%").wait().expect_exit(0);
    assert_last_words(&ended, &all);
    for number in ALL {
        estate.assert_current(number, GREEN);
        assert!(estate.runs(number, BLUE), "kept warm");
    }
    let none = on_web1(&ansible, "state=switched target=green", &["--check"]).expect(false);
    assert_eq!(outcome(&none), "nothing_to_do");
    let back = on_web1(&ansible, "state=switched back=true", &["--diff"]).expect(true);
    assert_eq!(outcome(&back), "switched_back");
    estate.assert_current(1, BLUE);
    let nothing = ["no target is ready beside blue", "(exit 11: "];
    on_web1(&ansible, "state=switched back=true", &[]).expect_failure(&nothing);
    let there = "state=switched target=green keep=10m";
    on_web1(&ansible, there, &[]).expect(true);

    let back = [
        "-e",
        "haproxy_gate_back=true",
        "-e",
        "haproxy_gate_serial=100%",
    ];
    let ended = roll(&ansible, &back).wait().expect_exit(0);
    assert_last_words(&ended, &all);
    for number in ALL {
        estate.assert_current(number, BLUE);
    }
    let met = traffic.map(Traffic::stop);
    assert_unnoticed(&met);
    assert_served(&met, &["web1/green 2", "web2/green 2", "web3/green 2"]);
}

/// A roll to green and its release 2.
fn switching(ansible: &Ansible, serial: &str) -> Running {
    let variables = json!({
        "haproxy_gate_target": "green",
        "haproxy_gate_prepare_command": RELEASE,
        "haproxy_gate_keep": "10m",
        "haproxy_gate_serial": serial,
    });
    roll(ansible, &["-e", &variables.to_string()])
}

/// Users of each balancer had answers of these versions.
fn assert_served(met: &[Summary], versions: &[&str]) {
    for users in met {
        for version in versions {
            let served = &users.served;
            assert!(served.contains_key(*version), "no {version} in {served:?}");
        }
    }
}
