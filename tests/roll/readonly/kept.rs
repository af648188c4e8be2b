//! The gate of the marker is what the record says: after a crash, a flush and its time.

use std::time::Duration;

use lab::release::Release;
use lab::sidecar::Sidecar;
use lab::wait_for;

use super::{PORT, agent, fleet, readonly};

/// The sidecar may list the rules up to 2 s late, and more on a busy machine.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn the_sidecar_keeps_the_gate_and_ends_it_in_time() {
    let fleet = fleet(Release::Installed, "readonly_kept", |reference| reference);
    let (host, agent) = (fleet.host(1), agent(&fleet, 1));
    let record = host.dir.join("state/web.readonly");
    let mut sidecar = Sidecar::start(host, super::agent(&fleet, 1));
    sidecar.wait_for_notification("web: open, UP on 1 of 1 balancer");
    readonly(&agent, "on", &[]);
    for _ in 0..3 {
        host.namespace
            .run("iptables", &["-t", "nat", "-F", "HAPROXY-GATE"]);
        host.wait_for_gate(PORT, true);
        host.wait_for_gate(2000, true);
    }
    readonly(&agent, "on", &["--for", "2s"]);
    host.wait_for_gate(PORT, false);
    wait_for("no record", SOON, || (!record.exists()).then_some(()));
    // Another process opens it, and no operator refuses writes.
    let rules = host.rules();
    let gate = rules
        .lines()
        .find(|rule| rule.starts_with("-A HAPROXY-GATE ") && rule.contains("--dport 2000 "));
    let gate = gate
        .expect("the main gate")
        .replace("--dport 2000", "--dport 2010");
    let gate = gate
        .replace("web:main", "web:readonly:main")
        .replace('"', "");
    let words: Vec<&str> = ["-t", "nat"].into_iter().chain(gate.split(' ')).collect();
    host.namespace.run("iptables", &words);
    host.wait_for_gate(PORT, false);
    let log = sidecar.stop().err;
    for says in [
        "although writes are refused: the agent opened it",
        "the time of read-only is over",
        "although no operator refuses writes: the agent closed it",
    ] {
        assert!(log.contains(says), "{says} in {log}");
    }
}

/// SIGKILL at each sync: the record is what the agent syncs.
#[test]
fn recover_makes_it_what_the_record_says() {
    let fleet = fleet(Release::Installed, "readonly_killed", |reference| reference);
    let (host, agent) = (fleet.host(1), agent(&fleet, 1));
    let record = host.dir.join("state/web.readonly");
    let mut recorded = Vec::new();
    for sync in 1.. {
        let words = ["readonly", "on"];
        let ended = agent.start_words_killed_at(&words, sync).wait();
        if ended.exit == 0 {
            break;
        }
        recorded.push(record.exists());
        let differs = record.exists() && !host.gate_is_open(PORT);
        let status = agent.words(&["status", "web"]);
        assert_eq!(
            status.out.contains("agent recover web"),
            differs,
            "{}",
            status.out
        );
        agent.words(&["recover", "web"]).expect_exit(0);
        assert_eq!(host.gate_is_open(PORT), record.exists(), "sync {sync}");
        // The recovery does not wait for HAProxy's checks of the marker.
        wait_for("a status without trouble", SOON, || {
            (agent.words(&["status", "web"]).exit == 0).then_some(())
        });
        agent.words(&["readonly", "off", "web"]).expect_exit(0);
        assert!(!record.exists() && !host.gate_is_open(PORT));
    }
    assert!(
        recorded.contains(&true) && recorded.contains(&false),
        "{recorded:?}"
    );
}
