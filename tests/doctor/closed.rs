//! The result of HAProxy's checks at a closed gate, and the seconds until HAProxy sees a gate move.
//! The doctor predicts nothing: it quotes the last close.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::setup::Setup;
use lab::settings::Settings;
use lab::stats::Line;
use lab::wait_for;
use std::time::Duration;

/// Returns the seconds of the close.
fn close_and_open(setup: &Setup) -> f64 {
    let agent = setup.with_settings(|settings| settings);
    let [close, _] = ["close", "open"].map(|verb| agent.run(verb, "web").expect_exit(0));
    close.report().seconds
}

#[test]
fn the_last_close_is_quoted() {
    let setup = Setup::start("doctor_close");
    let fresh = setup.host().dir.join("fresh").display().to_string();
    let diagnosis = setup.doctor_with(|settings| settings.set("agent.state_dir", fresh.as_str()));
    diagnosis.expect("detection", "unseen", "no gate was closed yet");
    let whole = close_and_open(&setup);
    let diagnosis = setup.doctor();
    for port in ["2000", "3000"] {
        let says = |what: &str| format!("port {port}{what}");
        diagnosis.expect("firewall", "ok", &says(", when last closed (open, 20"));
        diagnosis.expect("firewall", "ok", "refused at once (L4CON)");
        diagnosis.expect("detection", "ok", &says(": UP after "));
        let point = diagnosis.expect("detection", "ok", &says(": DOWN after "));
        let (_, seconds) = point.found.split_once("after ").expect("seconds");
        let seconds = seconds.split(' ').next().expect("a number");
        let seconds: f64 = seconds.parse().expect("a number");
        // Reference: fastinter 100 ms, fall 2.
        assert!(
            (0.1..whole + 0.1).contains(&seconds),
            "{point:?} of {whole} s"
        );
    }
    let limit = |key: &'static str| {
        let short = move |settings: Settings| settings.set(key, "100ms");
        setup.doctor_with(short)
    };
    for (key, word) in [("out_of_rotation", "DOWN"), ("in_rotation", "UP")] {
        let diagnosis = limit(&*format!("app.web.timeouts.{key}").leak());
        let point = diagnosis.expect("detection", "warning", &format!("timeouts.{key} is 0.1 s"));
        assert!(point.found.contains(&format!("{word} after")), "{point:?}");
        assert!(
            point.fix.ends_with(&format!("a longer timeouts.{key}")),
            "{point:?}"
        );
    }
}

/// A firewall on this host, and one on the way that this host cannot see.
#[test]
fn dropped_checks_are_found() {
    let setup = Setup::start("doctor_drop");
    let agent = || setup.with_settings(|settings| settings);
    let here = |change: &str| {
        drop(setup.sh(&format!(
            "iptables-legacy {change} INPUT -p tcp --dport 2000 -j DROP"
        )));
    };
    let way = |change: &str| {
        let rule = format!("iptables {change} OUTPUT -d 10.77.0.11 -p tcp --dport 2000 -j DROP");
        drop(setup.site.balancer.run("sh", &["-ec", &rule]));
    };
    let firewalls: [&dyn Fn(&str); 2] = [&here, &way];
    for firewall in firewalls {
        close_and_open(&setup);
        setup.doctor().expect_ok("firewall");
        // Only new connections: the open gate on this host does not change.
        firewall("-A");
        agent().words(&["close", "web"]).expect_exit(0);
        let point = setup.doctor().expect(
            "firewall",
            "warning",
            "port 2000, closed: HAProxy's checks were dropped (L4TOUT)",
        );
        assert!(
            point
                .fix
                .contains("--dport 2000 -j REJECT --reject-with tcp-reset"),
            "{point:?}"
        );
        // A check that meets the closed gate without the firewall would be refused.
        let opening = agent().start("open", "web");
        wait_for("open gates", Duration::from_secs(20), || {
            (setup.host().gates_are_open() == [true; 2]).then_some(())
        });
        firewall("-D");
        opening.wait().expect_exit(0);
        let diagnosis = setup.doctor();
        diagnosis.expect(
            "firewall",
            "warning",
            "port 2000, when last closed (open, 20",
        );
        diagnosis.expect("firewall", "ok", "port 3000, when last closed (open, 20");
    }
}

/// The rule has a condition, so it is neither an error nor a refusal. HAProxy's status decides.
#[test]
fn a_possible_rule_is_a_warning_if_it_catches_the_checks() {
    let setup = Setup::start("doctor_possible");
    let rule = |condition: &str| {
        format!("PREROUTING {condition} -p tcp -m tcp --dport 2000 -j REDIRECT --to-ports 1000")
    };
    let other = rule("-i virbr0");
    setup.sh(&format!("iptables -t nat -A {other}"));
    let point = setup.doctor().expect(
        "foreign-rule",
        "warning",
        &format!("may redirect port 2000: -A {other}"),
    );
    assert!(
        !point.fix.contains("-D ") && !point.fix.contains("delete"),
        "{point:?}"
    );
    let agent = setup.with_settings(|settings| settings);
    agent.words(&["restart", "web"]).expect_exit(0);
    setup
        .doctor()
        .expect("foreign-rule", "ok", "at the last close it did not");
    // With another rule beside it, the rule may catch the checks from now on.
    let around = "PREROUTING -s 10.9.9.9 -p tcp -j ACCEPT";
    setup.sh(&format!("iptables -t nat -I {around}"));
    setup
        .doctor()
        .expect("foreign-rule", "warning", &format!("-A {other}"));
    setup.sh(&format!("iptables -t nat -D {around}"));
    let catches = rule("-s 10.77.0.0/24");
    setup.sh(&format!("iptables -t nat -I {catches}"));
    let hurried =
        setup.with_settings(|settings| settings.set("app.web.timeouts.out_of_rotation", "2s"));
    let ended = hurried.words(&["restart", "web"]).expect_exit(13);
    let said = format!("{}{}", ended.out, ended.err);
    let named = format!("this rule may redirect the status port 2000: `-A {catches}`");
    assert!(said.contains(&named), "{said}");
    let diagnosis = setup.doctor();
    diagnosis.expect("detection", "error", "srvs/web1 was still UP");
    diagnosis.expect("foreign-rule", "warning", &format!("-A {catches}"));
    setup.sh(&format!("iptables -t nat -D {catches}"));
    close_and_open(&setup);
    setup.doctor().expect_only(&[]);
}

/// While the gate is open, a firewall drops the checks on the app's own port. The fix is the line
/// that lets the checks in.
#[test]
fn checks_that_the_open_gate_drops_are_an_error() {
    let setup = Setup::start("doctor_open_drop");
    for drop in [
        "iptables-legacy -A INPUT -p tcp --dport 1000 -j DROP",
        "nft add table inet fw; \
         nft 'add chain inet fw input { type filter hook input priority 0; policy accept; }'; \
         nft add rule inet fw input tcp dport 1000 drop",
    ] {
        setup.sh(drop);
        setup.haproxy().wait_until("web1 is DOWN", |lines| {
            let down = |line: &&Line| line.get("svname") == "web1" && line.status() == "DOWN";
            let word = |line: &Line| line.get("check_status").ends_with("L4TOUT");
            lines.iter().find(down).is_some_and(word)
        });
        let diagnosis = setup.doctor();
        let point = diagnosis.expect("fully-up", "error", "srvs/web1 is DOWN (L4TOUT) although");
        assert!(
            point
                .fix
                .ends_with("iptables -I INPUT -p tcp --dport 1000 -j ACCEPT"),
            "{point:?}"
        );
        setup.sh("iptables-legacy -F INPUT; nft delete table inet fw || true");
        setup.haproxy().wait_until_all_up();
        setup.doctor().expect_ok("fully-up");
    }
}

/// What the doctor cannot read is never ok.
#[test]
fn a_failing_nft_is_not_ok() {
    let setup = Setup::start("doctor_nft_fails");
    // Only beside a chain of its own is nft asked.
    setup.sh("nft add table ip mine && \
         nft 'add chain ip mine pre { type nat hook prerouting priority -110; }'");
    let dir = setup.host().dir.join("bin");
    fs::create_dir(&dir).expect("a folder");
    let nft = dir.join("nft");
    fs::write(&nft, "#!/bin/sh\necho 'Error: no memory' >&2\nexit 1\n").expect("a script");
    fs::set_permissions(&nft, Permissions::from_mode(0o755)).expect("a program");
    let path = std::env::var("PATH").expect("a PATH");
    let diagnosis = setup.doctor_by(&["env", &format!("PATH={}:{path}", dir.display())]);
    let point = diagnosis.expect(
        "foreign-rule",
        "warning",
        "`nft -j list ruleset`: Error: no memory",
    );
    assert_eq!(point.fix, "nft -j list ruleset");
    diagnosis.expect_only(&["foreign-rule"]);
    setup.doctor().expect_ok("foreign-rule");
}
