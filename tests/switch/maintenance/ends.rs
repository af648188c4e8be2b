//! The end of a maintenance where the app is sick, HAProxy no longer has the page's line, or the app was
//! held closed before.

use super::{AFTER, Paged, paged};
use lab::agent::{Agent, Ended};
use lab::load::client::PAGE;
use lab::settings::Settings;
use std::fs;
use std::thread::sleep;

const ON: [&str; 4] = ["maintenance", "on", "web", "--json"];
const OFF: [&str; 4] = ["maintenance", "off", "web", "--json"];

fn ends(agent: &Agent<'_>, words: &[&str], (exit, outcome): (i32, &str)) -> Ended {
    let ended = agent.words(words).expect_exit(exit);
    assert_eq!(ended.report().outcome, outcome, "{}", ended.out);
    ended
}

/// While all hosts are in maintenance: no user meets an app that is not healthy.
pub(super) fn of_a_sick_app(all: &Paged) {
    let agent = all.fleet.agent(1, |settings| {
        paged(settings).set("app.web.timeouts.healthy", "500ms")
    });
    all.fleet.app(1).set_sick(true);
    let traffic = all.traffic();
    ends(&agent, &OFF, (18, "not_placed"));
    sleep(AFTER);
    let met = traffic.stop();
    all.fleet.app(1).set_sick(false);
    all.assert_gates(false, true);
    let served: Vec<&str> = met.served.keys().map(String::as_str).collect();
    assert_eq!((met.failed, served), (0, vec![PAGE]), "{:?}", met.failures);
}

/// HAProxy was reloaded without the line of the page meanwhile. The way back is the same command.
pub(super) fn without_a_line(all: &Paged, number: usize) {
    let host = all.fleet.host(number);
    all.agent(number).words(&ON).expect_exit(0);
    let file = all.fleet.site.dir.join("haproxy.cfg");
    let line = format!("    server page{number} 10.77.0.1{number}:1009 port 2009 backup\n");
    let config = fs::read_to_string(&file).expect("a configuration");
    assert!(config.contains(&line), "{config}");
    fs::write(&file, config.replace(&line, "")).expect("the same without a page");
    all.fleet.haproxy.reload();
    let agent = all.fleet.agent(number, |settings| {
        let hurried = paged(settings).hurried();
        hurried.set("app.web.timeouts.in_rotation", "20s")
    });
    let ended = ends(&agent, &OFF, (19, "still_draining"));
    let message = ended.report().message;
    assert!(
        message.contains("the gate of the page is closed"),
        "{message}"
    );
    assert_eq!(host.gates_are_open(), [true; 2], "{}", host.rules());
    assert!(!host.gate_is_open(2009) && host.parked(1000).is_none());
    ends(&agent, &OFF, (0, "nothing_to_do"));
}

/// The agent itself held the gates closed. It does so again, whether the page served or not.
pub(super) fn after_a_failed_upgrade(all: &Paged, number: usize) {
    let host = all.fleet.host(number);
    let agent = |change: fn(Settings) -> Settings| {
        all.fleet.agent(number, |settings| change(paged(settings)))
    };
    let is_closed = || {
        let gates = host.gates_are_open();
        let closed = gates == [false; 2] && !host.gate_is_open(2009);
        assert!(closed && host.parked(1000).is_none(), "{}", host.rules());
    };
    agent(|same| same).run("close", "web").expect_exit(0);
    let file = host.dir.join("state/web.closed");
    let text = fs::read_to_string(&file).expect("a hold");
    let mut hold: serde_json::Value = serde_json::from_str(&text).expect("a hold");
    hold["verb"] = "restart".into();
    hold["failed"] = "upgrade".into();
    hold["reason"] = "the upgrade failed: exit 1".into();
    fs::write(&file, hold.to_string()).expect("the agent's own hold");
    let held = || {
        agent(|same| same)
            .words(&["status", "web", "--json"])
            .json()["apps"][0]["hold"]
            .clone()
    };
    let before = held();
    assert_eq!(before["failed"], "upgrade", "{before}");
    // HAProxy does not show the page UP in time.
    let way = |change: &str| {
        let to = format!("-d {} -p tcp --dport 2009 -j REJECT", host.address());
        let rule = format!("iptables {change} OUTPUT {to}");
        all.fleet.site.balancer.run("sh", &["-ec", &rule]);
    };
    way("-A");
    let hurried = agent(|same| same.set("app.web.timeouts.in_rotation", "300ms"));
    ends(&hurried, &ON, (18, "not_placed"));
    way("-D");
    is_closed();
    assert_eq!(held(), before);
    let agent = agent(|same| same);
    agent.words(&ON).expect_exit(0);
    assert!(host.gate_is_open(2009), "{}", host.rules());
    let ended = ends(&agent, &OFF, (15, "upgrade_failed"));
    let message = ended.report().message;
    for part in [
        "maintenance is off",
        "the upgrade failed: exit 1",
        "`agent open web`",
    ] {
        assert!(message.contains(part), "{message}");
    }
    is_closed();
    assert_eq!(held(), before);
    agent.run("open", "web").expect_exit(0);
}
