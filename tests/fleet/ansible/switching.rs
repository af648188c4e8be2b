//! `state: switched` on hosts with two targets each: rolls, and the module on one host.

use serde_json::{Value, json};

use super::{ModuleResult, ansible, assert_last_words, roll, start};
use lab::ansible::Ansible;
use lab::estate::Estate;
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

/// No user notices. Afterwards the module has nothing to do, and takes one host back.
#[test]
fn a_roll_switches_each_host() {
    let estate = Estate::with_targets("ansible_switch", 3, |settings| settings);
    let ansible = ansible(&estate);
    let capacity = estate.haproxies.each_ref().map(Capacity::start);
    let traffic = estate.traffic();
    let variables = json!({
        "haproxy_gate_target": "green",
        "haproxy_gate_prepare_command": RELEASE,
        "haproxy_gate_keep": "10m",
        "haproxy_gate_serial": "1,100%",
    });
    let ended = roll(&ansible, &["-e", &variables.to_string()]).wait();
    let ended = ended.expect_exit(0);
    let all = "done: web1, web2, web3";
    assert_last_words(&ended, &["The roll is over.", all, "to do: none"]);
    for number in ALL {
        estate.assert_current(number, GREEN);
        assert!(estate.runs(number, BLUE), "kept warm");
    }

    let again = on_web1(&ansible, "state=switched target=green", &[]).expect(false);
    assert_eq!(outcome(&again), "nothing_to_do");
    let check = |arguments| on_web1(&ansible, arguments, &["--check"]);
    let planned = check("state=switched back=true").expect(true);
    assert_eq!(outcome(&planned), "planned");
    let none = check("state=switched target=green").expect(false);
    assert_eq!(outcome(&none), "nothing_to_do");
    estate.assert_current(1, GREEN);
    let back = on_web1(&ansible, "state=switched back=true", &["--diff"]).expect(true);
    assert_eq!(outcome(&back), "switched_back");
    estate.assert_current(1, BLUE);

    let met = traffic.map(Traffic::stop);
    assert_unnoticed(&met);
    for users in &met {
        for number in ALL {
            let green = format!("web{number}/green 2");
            assert!(users.served.contains_key(&green), "{:?}", users.served);
        }
    }
    for looks in capacity.map(Capacity::stop) {
        looks.assert_never_fewer();
    }
}

/// The roll shows the agent's message. It goes on after the fix, and all hosts go back at once.
#[test]
fn a_version_that_is_not_placed_stops_the_roll() {
    let hurried = |settings: Settings| {
        let settings = settings.set("app.web.timeouts.healthy", "1s");
        settings.set("app.web.keep", "10m")
    };
    let estate = Estate::with_targets("ansible_not_placed", 3, hurried);
    let ansible = ansible(&estate);
    let traffic = estate.traffic();
    estate.target(2, GREEN).set_sick(true);
    let switch = [
        "-e",
        "haproxy_gate_target=green",
        "-e",
        "haproxy_gate_serial=1",
    ];
    let ended = roll(&ansible, &switch).wait().expect_exit(2);
    let wanted = [
        "The roll has stopped.",
        "done: web1",
        "failed: web2: Switch the app to its other target: ",
        "not reached: web3",
        "continue with: --limit @",
    ];
    assert_last_words(&ended, &wanted);
    for words in ["healthz", "(exit 18: switch: no room, or the new target"] {
        assert!(ended.out.contains(words), "no {words:?} in {}", ended.out);
    }
    for (number, name) in [(1, GREEN), (2, BLUE), (3, BLUE)] {
        estate.assert_current(number, name);
    }
    assert!(estate.target(3, GREEN).boots().is_empty(), "untouched");
    assert_unnoticed(&traffic.map(Traffic::stop));
}
