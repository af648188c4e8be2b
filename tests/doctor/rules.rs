//! Foreign rules, double rules, rules of the other variant or of native nft; and listeners on the
//! status ports.

use std::time::Duration;

use crate::setup::Setup;
use lab::app::App;
use lab::grab;
use lab::settings::Settings;

const FOREIGN: &str = "-p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000";

#[test]
fn a_certain_foreign_rule_is_an_error_in_both_variants() {
    let setup = Setup::start("doctor_foreign");
    for (program, beside) in [
        ("iptables-nft", &[][..]),
        ("iptables-legacy", &["mixed-tables"]),
    ] {
        setup.sh(&format!("{program} -t nat -A PREROUTING {FOREIGN}"));
        let diagnosis = setup.doctor();
        let point = diagnosis.expect("foreign-rule", "error", "--dport 2000");
        assert_eq!(
            point.fix,
            format!("{program} -t nat -D PREROUTING {FOREIGN}")
        );
        diagnosis.expect_only(&[&["foreign-rule"], beside].concat());
        setup.sh(&point.fix);
        setup.doctor().expect_ok("foreign-rule");
    }
    // HAProxy checks an IPv4 address here.
    for program in ["ip6tables-nft", "ip6tables-legacy"] {
        setup.sh(&format!("{program} -t nat -A PREROUTING {FOREIGN}"));
        let says = format!("may redirect port 2000: -A PREROUTING {FOREIGN}");
        setup.doctor().expect("foreign-rule", "warning", &says);
        setup.sh(&format!("{program} -t nat -D PREROUTING {FOREIGN}"));
    }
}

#[test]
fn rules_in_the_other_variant_are_found() {
    let setup = Setup::start("doctor_mixed");
    let other = "PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 80";
    setup.sh(&format!("iptables-legacy -t nat -A {other}"));
    let diagnosis = setup.doctor();
    diagnosis.expect("mixed-tables", "warning", "iptables-legacy has 1");
    assert_eq!(diagnosis.exit, 0);
    setup.sh(&format!("iptables-legacy -t nat -D {other}"));
    setup.doctor().expect_ok("mixed-tables");
    let possible = "PREROUTING -i lo -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000";
    setup.sh(&format!("iptables-legacy -t nat -A {possible}"));
    let says = format!("may redirect port 2000: -A {possible}");
    setup.doctor().expect("foreign-rule", "warning", &says);
    setup.sh(&format!("iptables-legacy -t nat -D {possible}"));
    // The opposite case: the gates are in the legacy tables.
    setup.sh("iptables-legacy -t nat -S >/dev/null");
    let legacy = |settings: Settings| settings.set("agent.iptables", "legacy");
    let diagnosis = setup.doctor_with(legacy);
    let point = diagnosis.expect("foreign-rule", "error", "haproxy-gate:web:main");
    assert!(
        point.fix.starts_with("iptables-nft -t nat -D HAPROXY-GATE"),
        "{point:?}"
    );
    setup.sh("for i in iptables-nft ip6tables-nft; do $i -t nat -F; $i -t nat -X; done");
    setup
        .with_settings(legacy)
        .words(&["recover", "web"])
        .expect_exit(0);
    setup.doctor_with(legacy).expect_ok("mixed-tables");
    setup.doctor_with(legacy).expect_ok("gate");
}

#[test]
fn a_native_nft_redirect_is_found() {
    let setup = Setup::start("doctor_native");
    setup.sh("nft add table ip mine && \
         nft 'add chain ip mine pre { type nat hook prerouting priority -110; }' && \
         nft 'add rule ip mine pre tcp dport { 2000, 2001 } redirect to :1000'");
    let point = setup
        .doctor()
        .expect("foreign-rule", "error", "ip mine pre");
    setup.sh(&point.fix);
    setup.doctor().expect_ok("foreign-rule");
    // No check of ours meets this rule: its key is another port.
    setup.sh("nft 'add rule ip mine pre dnat to tcp dport map { 8080 : 10.77.0.12 }'");
    setup.doctor().expect_ok("foreign-rule");
    for (chain, condition) in [("pre", "meta mark 7 "), ("out", "")] {
        setup.sh(&format!(
            "nft 'add chain ip mine out {{ type nat hook output priority -110; }}' && \
             nft add rule ip mine {chain} {condition}tcp dport 2000 redirect to :1000"
        ));
        let says = format!("may redirect port 2000: nft rule ip mine {chain} handle ");
        let point = setup.doctor().expect("foreign-rule", "warning", &says);
        assert!(
            point.found.contains("tcp dport 2000 redirect to :1000"),
            "{point:?}"
        );
        assert!(!point.fix.contains("delete"), "{point:?}");
        setup.sh(&format!("nft flush chain ip mine {chain}"));
        setup.doctor().expect_ok("foreign-rule");
    }
}

#[test]
fn a_broken_gate_is_an_error_and_a_closed_one_a_warning() {
    let setup = Setup::start("doctor_broken");
    setup.sh(
        "iptables -t nat -A HAPROXY-GATE -p tcp -m tcp --dport 2000 -m comment --comment \
         haproxy-gate:web:main -j REDIRECT --to-ports 1000",
    );
    let point = setup
        .doctor()
        .expect("gate", "error", "2 times the same rule");
    fixed(&setup, &point.fix);
    setup.sh("iptables -t nat -F; ip6tables -t nat -F");
    let point = setup
        .doctor()
        .expect("gate", "warning", "closed unexpectedly");
    fixed(&setup, &point.fix);
}

/// Runs the suggested fix, `agent recover web`, with the agent of this tree.
fn fixed(setup: &Setup, fix: &str) {
    let words: Vec<&str> = fix.strip_prefix("agent ").expect(fix).split(' ').collect();
    setup
        .with_settings(|settings| settings)
        .words(&words)
        .expect_exit(0);
    setup.haproxy().wait_until_all_up();
    setup.doctor().expect_only(&[]);
}

#[test]
fn a_listener_on_the_status_port_is_an_error() {
    let setup = Setup::start("doctor_listener");
    let dir = setup.host().dir.join("other");
    let other = App::start(
        &setup.host().namespace,
        &dir,
        "x",
        "[::]:3000",
        Duration::ZERO,
    );
    other.wait_until_warm();
    let diagnosis = setup.doctor();
    diagnosis.expect("status-port", "error", "status port 3000: lab-app (pid ");
    diagnosis.expect(
        "status-port",
        "ok",
        "status port 2000: nothing listens there",
    );
    drop(other);
    setup.doctor().expect_ok("status-port");
}

/// It answers no check yet, and could at any moment.
#[test]
fn a_bound_status_port_is_an_error() {
    let setup = Setup::start("doctor_bound_port");
    let other = grab::hold(&setup.host().namespace, 3000);
    let diagnosis = setup.doctor();
    diagnosis.expect(
        "reserved-port",
        "error",
        "status port 3000: bound by python3",
    );
    diagnosis.expect_only(&["reserved-port"]);
    drop(other);
    setup.doctor().expect_ok("reserved-port");
}

/// If iptables-nft cannot read a table, the agent sees no rule at all.
#[test]
fn an_unreadable_native_table_is_an_error() {
    let setup = Setup::start("doctor_incompatible");
    setup.sh("iptables -t nat -F; iptables -t nat -X; nft delete table ip nat || true");
    setup.sh("nft add table ip nat && \
         nft 'add map ip nat fwds { type inet_service : ipv4_addr . inet_service; }' && \
         nft 'add element ip nat fwds { 8443 : 192.168.7.2 . 443 }' && \
         nft 'add chain ip nat PREROUTING { type nat hook prerouting priority dstnat; }' && \
         nft 'add rule ip nat PREROUTING dnat ip to tcp dport map @fwds'");
    let point = setup.doctor().expect("iptables", "error", "incompatible");
    assert!(
        point.fix.contains("[agent] iptables = \"legacy\""),
        "{point:?}"
    );
    setup.sh("nft delete table ip nat");
    setup.doctor().expect_ok("iptables");
}

#[test]
fn missing_iptables_are_an_error() {
    let setup = Setup::start("doctor_missing");
    let diagnosis = setup.doctor_by(&["env", "PATH=/nowhere"]);
    let point = diagnosis.expect("iptables", "error", "iptables can't be run");
    assert_eq!(point.fix, "apt install iptables");
    let tables = diagnosis
        .points
        .iter()
        .filter(|point| point.check == "mixed-tables");
    assert_eq!(tables.count(), 0, "{}", diagnosis.text());
    diagnosis.expect_ok("fully-up");
    setup.doctor().expect_ok("iptables");
}
