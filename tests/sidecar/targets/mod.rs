//! An app with two targets: the sidecar opens the current one only, follows a switch, keeps the idle
//! one closed and parked, and stops it when its time is over.

mod current;
mod idle;

use std::time::Duration;

use lab::sidecar::Sidecar;
use lab::targets::{BLUE, Farm, GREEN};
use lab::wait_for;

/// The sidecar may list the rules up to 2 s late.
const SOON: Duration = Duration::from_secs(5);

fn sidecar(farm: &Farm) -> Sidecar {
    Sidecar::start(farm.host(1), farm.agent(1, |settings| settings))
}

fn record(farm: &Farm) -> serde_json::Value {
    let path = farm.host(1).dir.join("state/web.target");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn wait_until_at_rest(farm: &Farm, current: &str) {
    let idle = if current == BLUE { GREEN } else { BLUE };
    let (port, to) = (farm.target(1, idle).port(), farm.target(1, current).port());
    let (open, closed) = (farm.target(1, current), farm.target(1, idle));
    farm.host(1).wait_for_gate(open.status_port(), true);
    for gate in [closed.status_port(), closed.backup_status_port()] {
        farm.host(1).wait_for_gate(gate, false);
    }
    wait_for("a parked idle target", SOON, || {
        (farm.host(1).parked(port) == Some(to)).then_some(())
    });
    farm.wait_until_current(current);
}

/// Deletes the rules of all gates and parked ports.
fn flush(farm: &Farm) {
    for chain in ["HAPROXY-GATE", "HAPROXY-GATE-PARK"] {
        let words = ["-t", "nat", "-F", chain];
        farm.host(1).namespace.run("iptables", &words);
    }
}

/// The rule that opens green's gate, made from that of blue.
fn gate_of_green(farm: &Farm) -> String {
    let rules = farm.host(1).rules();
    let mut rules = rules.lines();
    let is_blues =
        |rule: &&str| rule.starts_with("-A HAPROXY-GATE ") && rule.contains("--dport 2000 ");
    let blue = rules.find(is_blues).expect("the gate of blue");
    blue.replace("--dport 2000", "--dport 2001")
        .replace("--to-ports 1000", "--to-ports 1001")
        .replace("web:blue", "web:green")
}

/// Adds rules of ours as they were listed, at once: the sidecar would repair the first one before the
/// last one is there.
fn add(farm: &Farm, rules: &str) {
    let ours = |rule: &&str| rule.starts_with("-A HAPROXY-GATE");
    let ours: Vec<&str> = rules.lines().filter(ours).collect();
    let restore = "printf '*nat\\n%s\\nCOMMIT\\n' \"$0\" | iptables-restore --noflush";
    let namespace = &farm.host(1).namespace;
    namespace.run("sh", &["-ec", restore, &ours.join("\n")]);
}
