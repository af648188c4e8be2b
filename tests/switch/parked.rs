//! HAProxy reloads at rest and in the middle of a switch. It counts every line as UP until its first
//! check, also that of a stopped target, whose port is parked on the current one.

use std::thread::sleep;
use std::time::Duration;

use lab::load::record::Summary;
use lab::targets::{BLUE, Farm, GREEN, Lines};

use crate::met::{Meeting, quiet};
use crate::rolls::warm;

/// HAProxy has checked all lines by then, and its leaving worker has ended.
const APART: Duration = Duration::from_millis(800);

/// `scripts/soak` tries each state.
#[test]
fn reloads_at_rest_stall_no_user() {
    let farm = Farm::open("reload_rest", 1, Lines::without_twins());
    let quiet = quiet(&farm);
    five_reloads(&farm, BLUE, "blue current, green stopped", &quiet);
    switch(&farm, &[]);
    five_reloads(&farm, GREEN, "green current, blue warm", &quiet);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn reloads_in_each_state_stall_no_user() {
    let farm = Farm::open("reload_states", 1, Lines::with_twins());
    let quiet = quiet(&farm);
    for (current, idle) in [(GREEN, BLUE), (BLUE, GREEN)] {
        switch(&farm, &[]);
        let state = format!("{current} current, {idle} warm");
        five_reloads(&farm, current, &state, &quiet);
        switch(&farm, &["--finish"]);
        let state = format!("{current} current, {idle} stopped");
        five_reloads(&farm, current, &state, &quiet);
    }
}

fn switch(farm: &Farm, more: &[&str]) {
    let words = [&["switch", "web", "--json"], more].concat();
    farm.agent(1, warm).words(&words).expect_exit(0);
}

fn five_reloads(farm: &Farm, current: &str, what: &str, quiet: &Summary) {
    farm.assert_current(1, current);
    let mut meeting = Meeting::begin(farm);
    for _ in 0..5 {
        meeting.reload();
        sleep(APART);
    }
    let met = meeting.end();
    met.print(what);
    met.assert_unnoticed();
    met.assert_no_stall(quiet);
}

/// The rule is lost: HAProxy's reload stalls users, nothing else happens, and `agent recover` sets it
/// again.
#[test]
fn a_lost_parking_rule_is_set_again() {
    let farm = Farm::open("parking_lost", 1, Lines::without_twins());
    let host = farm.host(1);
    host.namespace
        .run("iptables", &["-t", "nat", "-F", "HAPROXY-GATE-PARK"]);
    assert_eq!(host.parked(1001), None, "{}", host.rules());
    farm.assert_gates(1, BLUE);
    let agent = farm.agent(1, |settings| settings);
    agent.run("recover", "web").expect_exit(0);
    farm.assert_current(1, BLUE);
}

/// The rule of a container engine, which is there once the new target runs: here `verify` adds it.
#[test]
fn the_old_port_is_parked_where_the_new_target_serves() {
    let farm = Farm::open("parked_place", 1, Lines::without_twins());
    let host = farm.host(1);
    let place = format!("{}:1001", host.address());
    let publish = format!(
        "iptables -t nat -A PREROUTING -p tcp --dport 1001 -j DNAT --to-destination {place}"
    );
    let verify = ["sh", "-c", &publish].map(str::to_owned).to_vec();
    let agent = farm.agent(1, |settings| settings.set("app.web.verify", verify));
    agent.run("switch", "web").expect_exit(0);
    farm.wait_until_current(GREEN);
    let rules = host.rules();
    let parks =
        |rule: &&str| rule.starts_with("-A HAPROXY-GATE-PARK ") && rule.contains("--dport 1000 ");
    let rule = rules.lines().find(parks).expect("blue is parked");
    assert!(
        rule.ends_with(&format!("--to-destination {place}")),
        "{rule}"
    );
}

/// A switch for each phase, there and back and so on.
#[test]
#[ignore = "scripts/soak runs it"]
fn a_reload_in_each_phase_of_a_switch_loses_nothing() {
    let phases = [
        "start", "healthy", "verify", "unpark", "join", "leave", "drain", "settle", "park", "stop",
    ];
    let farm = Farm::open("reload_phases", 1, Lines::with_twins());
    let quiet = quiet(&farm);
    let agent = farm.agent(1, |settings| {
        let settings = settings.set("app.web.settle.for", "1s");
        let settings = settings.set("app.web.settle.errors", "1%");
        let settings = settings.set("app.web.verify", farm.verify(1));
        let settings = settings.slowly("app.web.verify", 0.3);
        let commands = [BLUE, GREEN].map(|target| format!("app.web.target.{target}.run"));
        commands.iter().fold(settings, |settings, run| {
            let settings = settings.slowly(&format!("{run}.start"), 0.3);
            settings.slowly(&format!("{run}.stop"), 0.3)
        })
    });
    for phase in phases {
        let mut meeting = Meeting::begin(&farm);
        let to = if farm.current(1) == BLUE { GREEN } else { BLUE };
        let running = agent.start("switch", "web");
        farm.host(1).wait_for_phase(phase);
        meeting.reload();
        let ended = running.wait().expect_exit(0);
        let met = meeting.end();
        met.print(&format!("a reload in {phase}"));
        met.assert_unnoticed();
        met.assert_no_stall(&quiet);
        met.assert_only_since(ended.at, &farm.target(1, to).serves(1));
        farm.assert_current(1, to);
    }
}
