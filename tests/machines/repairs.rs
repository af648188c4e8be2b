//! Another program flushes the rules of a machine, and its sidecar puts them back.

use std::thread::sleep;
use std::time::Duration;

use crate::pair::Pair;
use lab::monitor::Monitor;
use lab::reference::QUICK;
use lab::{now, wait_for};

/// Within a second by the kernel's notifications, and before HAProxy notices.
#[test]
fn the_sidecar_repairs_flushed_rules_within_a_second() {
    // With these checks HAProxy notices a fault of one second. The promise is one second.
    let a_second = "inter 1s fastinter 1s downinter 500ms";
    let pair = Pair::up_with("m_flushed", |config| config.with(QUICK, a_second));
    let began = now();
    let traffic = pair.traffic();
    let monitor = Monitor::start(pair.host(1));
    let both = ["iptables -t nat -F", "ip6tables -t nat -F"];
    for _ in 0..5 {
        assert_repairs(&pair, &monitor, &both);
        // Each check meets at most one flush: HAProxy would be right to notice two in a row.
        sleep(Duration::from_millis(1200));
    }
    // Firewall tools load a whole ruleset, without our rules.
    let restore = "printf '*nat\\nCOMMIT\\n' | iptables-restore";
    assert_repairs(&pair, &monitor, &[restore]);
    pair.assert_never_down(began);
    pair.assert_unnoticed(traffic);
}

/// Does this in machine 1, and waits until both gates are open again, in both families.
pub fn assert_repairs(pair: &Pair, monitor: &Monitor, harm: &[&str]) {
    let (host, began) = (pair.host(1), now());
    let harm = harm.join(" && ");
    pair.machine(1).succeed(&["sh", "-c", &harm]);
    let repaired = wait_for("both gates to be open", Duration::from_secs(10), || {
        let rules = ["iptables", "ip6tables"];
        let rules = rules.map(|iptables| host.namespace.run(iptables, &["-t", "nat", "-S"]));
        let gates = [
            "--dport 2000 ",
            "--dport 3000 ",
            "-A PREROUTING",
            "-A OUTPUT",
        ];
        let all = |rules: &String| gates.iter().all(|gate| rules.contains(gate));
        rules.iter().all(all).then(now)
    });
    let taken = monitor.taken(began);
    let first = taken.first().expect("rules that were taken");
    let put = monitor.put(first.at);
    let last = put.last().expect("rules that were put back");
    let (took, all) = (last.at - first.at, repaired - first.at);
    println!("{harm}: repaired after {took:.3} s, IPv6, too, after {all:.3} s");
    assert!(all < 1.0, "repaired after {all:.3} s: {taken:#?}{put:#?}");
}

/// The sidecar works: no rule has changed since a time in Unix seconds, HAProxy has not lost
/// machine 1, and the current sidecar repairs the rules.
pub fn assert_goes_on(pair: &Pair, monitor: &Monitor, from: f64) {
    let changes = monitor.commits(from);
    assert!(changes.is_empty(), "a program changed rules: {changes:#?}");
    pair.assert_never_down(from);
    assert_repairs(pair, monitor, &["iptables -t nat -F"]);
}
