//! The same restart with other tables, other addresses, and a sticky time.

use lab::fleet::{Fleet, Layout, NUMBERS};
use lab::now;
use lab::reference::Reference;
use lab::settings::Settings;

#[test]
fn a_restart_with_legacy_tables_is_unnoticed() {
    let fleet = Fleet::two_stage("legacy");
    let legacy = |settings: Settings| settings.set("agent.iptables", "legacy");
    fleet.open_gates_with(legacy);
    let namespace = &fleet.host(1).namespace;
    let rules = namespace.run("iptables-legacy", &["-t", "nat", "-S"]);
    assert!(rules.contains("--dport 2000 "), "{rules}");
    assert!(
        !namespace
            .run("iptables-nft", &["-t", "nat", "-S"])
            .contains("--dport")
    );
    unnoticed_restart(&fleet, legacy);
}

#[test]
fn a_restart_with_ipv6_lines_is_unnoticed() {
    let ipv6 = |reference: Reference| {
        NUMBERS.into_iter().fold(reference, |reference, number| {
            let (v4, v6) = (format!("10.77.0.1{number}:"), format!("[fd77::1{number}]:"));
            reference.with(&v4, &v6)
        })
    };
    let fleet = Fleet::with("ipv6", Layout::TwoStage, ipv6);
    fleet.open_gates();
    unnoticed_restart(&fleet, |settings| settings);
}

/// Sticky users stay on the twin for that time, and move to another host after it.
#[test]
fn sticky_users_move_after_the_sticky_time() {
    let fleet = Fleet::two_stage("sticky");
    fleet.open_gates();
    let sticky = |settings: Settings| settings.set("app.web.sticky", "2s");
    let traffic = fleet.traffic();
    std::thread::sleep(std::time::Duration::from_secs(1));
    let started = now();
    fleet.agent(1, sticky).run("restart", "web").expect_exit(0);
    let met = traffic.stop();
    met.assert_unnoticed();
    let main_down = fleet.haproxy.wait_said("srvs/web1", "DOWN", started);
    let twin_down = fleet.haproxy.wait_said("srvs/bkp1", "DOWN", started);
    assert!(twin_down - main_down > 1.8, "{main_down} {twin_down}");
    assert!(fleet.haproxy.server("bkp1").number("stot") > 0);
    let moves = met.moves.iter().filter(|one| one.what.starts_with("w1 ->"));
    let times: Vec<f64> = moves.map(|one| one.at).collect();
    assert!(!times.is_empty(), "no user moved");
    // HAProxy logs a moment before or after it moves the first user.
    let early = times.iter().find(|at| **at < twin_down - 0.05);
    assert_eq!(early, None, "moved before the twin was DOWN at {twin_down}");
}

fn unnoticed_restart(fleet: &Fleet, change: impl Fn(Settings) -> Settings) {
    let (boots, trouble) = (fleet.boots(), fleet.haproxy.trouble());
    let traffic = fleet.traffic();
    let agent = fleet.agent(1, change);
    agent.run("restart", "web").expect_exit(0);
    traffic.stop().assert_unnoticed();
    assert_eq!(fleet.boots()[0], boots[0] + 1);
    assert_eq!(fleet.haproxy.trouble(), trouble);
}
