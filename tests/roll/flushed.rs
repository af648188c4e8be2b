//! Another program changes the rules: `agent status` shows it, `agent recover` fixes it, and a
//! restart repairs it at its next look.

use lab::fleet::Fleet;
use lab::harm::{HARM, harm};
use lab::settings::Settings;

#[test]
fn status_shows_and_recover_fixes_flushed_nft_rules() {
    shown_and_fixed("flushed_nft", "nft");
}

#[test]
fn status_shows_and_recover_fixes_flushed_legacy_rules() {
    shown_and_fixed("flushed_legacy", "legacy");
}

fn shown_and_fixed(test: &str, variant: &str) {
    let fleet = Fleet::two_stage(test);
    let settings = |settings: Settings| settings.set("agent.iptables", variant);
    fleet.open_gates_with(settings);
    let traffic = fleet.traffic();
    let agent = fleet.agent(1, settings);
    for (what, command) in HARM {
        for family in ["iptables", "ip6tables"] {
            harm(fleet.host(1), &format!("{family}-{variant}"), command);
            let status = agent.run("status", "web").expect_exit(1);
            assert!(
                status.out.contains("agent recover web"),
                "{what}: {}",
                status.out
            );
            let recovered = agent.run("recover", "web").expect_exit(0).out;
            assert!(recovered.contains("\"recovered\""), "{what}: {recovered}");
            agent.run("status", "web").expect_exit(0);
            fleet.haproxy.wait_until_all_up();
        }
    }
    let again = agent.run("recover", "web").expect_exit(0).out;
    assert!(again.contains("nothing to recover"), "{again}");
    traffic.stop().assert_unnoticed();
}

/// A gate that an operator has closed stays closed.
#[test]
fn recover_leaves_a_hold_alone() {
    let fleet = Fleet::two_stage("held");
    fleet.open_gates();
    let agent = fleet.agent(1, |settings| settings);
    agent.run("close", "web").expect_exit(0);
    let status = agent.run("status", "web").expect_exit(0);
    assert!(status.out.contains("`agent close web`"), "{}", status.out);
    let recovered = agent.run("recover", "web").expect_exit(0).out;
    assert!(
        recovered.contains("an operator closed the gates"),
        "{recovered}"
    );
    assert!(!fleet.host(1).gate_is_open(2000));
    agent.open("web");
    harm(fleet.host(1), "iptables", HARM[0].1);
    agent.run("recover", "web").expect_exit(0);
    assert!(
        fleet.host(1).gate_is_open(2000),
        "it was open before the flush"
    );
}

/// Another program restores rules from the time of the open gate, while the host drains. The agent
/// closes the gate again before HAProxy notices, and the request still succeeds.
#[test]
fn a_drain_repairs_restored_rules() {
    let fleet = Fleet::two_stage("restored");
    fleet.open_gates();
    let host = fleet.host(1);
    let saved = host.namespace.run("iptables-save", &["-t", "nat"]);
    let file = host.dir.join("saved.rules");
    std::fs::write(&file, saved).unwrap();
    let traffic = fleet.traffic();
    let request = fleet.held_request(1);
    let started = lab::now();
    let agent = fleet.agent(1, |settings| settings).start("restart", "web");
    host.wait_for_phase("drain");
    let down = fleet.haproxy.wait_said("srvs/web1", "DOWN", started);
    host.namespace
        .run("iptables-restore", &[&file.display().to_string()]);
    host.wait_for_gate(2000, false);
    assert_eq!(request.answer().status, 200);
    let report = agent.wait().expect_exit(0).report();
    let noted = report
        .notices
        .iter()
        .any(|note| note.contains("another process changed the rules"));
    assert!(noted, "{report:?}");
    let up = fleet.haproxy.wait_said("srvs/web1", "UP", down);
    assert!(up > report.began("open"), "UP before the app was restarted");
    traffic.stop().assert_unnoticed();
}
