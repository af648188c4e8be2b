//! A firewall that drops the status port of a closed gate: by each variant's rules, by native
//! nft, and by somebody on the way.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::setup::{Setup, Told};
use lab::stats::Line;
use lab::wait_for;

/// What a careful administrator lets in.
const LET_IN: &str = "-A INPUT -i lo -j ACCEPT; \
    $i -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; \
    $i -A INPUT -p tcp -m multiport --dports 22,1000 -j ACCEPT; $i -P INPUT DROP";

#[test]
fn a_filter_of_iptables_that_drops_by_policy() {
    let setup = Setup::start("doctor_drop");
    for program in ["iptables-nft", "iptables-legacy"] {
        setup.sh(&format!("i={program}; $i {LET_IN}"));
        let told = setup.doctor();
        let point = told.expect("firewall", "warning", "port 2000 is dropped");
        let twin = told.expect("firewall", "warning", "port 3000 is dropped");
        assert_eq!(
            point.mend,
            format!("{program} -I INPUT -p tcp --dport 2000 -j REJECT --reject-with tcp-reset")
        );
        told.expect_only(&["firewall"]);
        setup.sh(&format!("{}\n{}", point.mend, twin.mend));
        setup.doctor().expect_ok("firewall");
        setup.sh(&format!("{program} -P INPUT ACCEPT; {program} -F INPUT"));
    }
}

#[test]
fn a_filter_that_lets_in_haproxy_alone_drops_nothing_of_it() {
    let setup = Setup::start("doctor_friend");
    let known = "-m conntrack --ctstate RELATED,ESTABLISHED";
    let from = |address: &str| {
        setup.sh(&format!(
            "i=iptables; $i -F INPUT; $i -A INPUT -i lo -j ACCEPT; $i -A INPUT {known} -j ACCEPT; \
             $i -A INPUT -s {address} -j ACCEPT; $i -A INPUT -j DROP"
        ));
        setup.doctor()
    };
    from("10.77.0.1").expect_ok("firewall");
    from("10.77.0.2").expect("firewall", "warning", "-A INPUT -j DROP");
    setup.sh("iptables -I INPUT -p tcp -m limit --limit 1/s -j ACCEPT; \
         iptables -I INPUT -p tcp --dport 1000 -j ACCEPT");
    setup
        .doctor()
        .expect("firewall", "warning", "that can't be told");
    setup.sh("iptables -F INPUT");
    setup.doctor().expect_ok("firewall");
}

/// What looks at no port has not dropped the open gate's checks, and drops no others: as with a
/// blocklist, and a HAProxy whose address is not known.
#[test]
fn a_rule_that_can_not_be_told_and_looks_at_no_port() {
    let setup = Setup::start("doctor_blocklist");
    setup.sh("nft add table inet fw && \
         nft 'add chain inet fw input { type filter hook input priority 0; policy accept; }' && \
         nft add rule inet fw input meta mark 7 drop");
    setup.doctor().expect_only(&[]);
    setup.sh("nft add rule inet fw input meta mark 7 tcp dport 2000 drop");
    let told = setup.doctor();
    told.expect("firewall", "warning", "port 2000 may be dropped");
    told.expect("firewall", "ok", "port 3000: no firewall");
}

/// On the app's own port they are dropped while the gate is open: by whom is told with the line
/// that lets them in.
#[test]
fn checks_that_are_dropped_by_the_open_gate() {
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
        let told = setup.doctor();
        let point = told.expect("fully-up", "error", "srvs/web1 is DOWN (L4TOUT) although");
        setup.sh(&point.mend);
        setup.haproxy().wait_until_all_up();
        setup.doctor().expect_ok("fully-up");
        setup.sh("iptables-legacy -F INPUT");
    }
}

/// Nothing that could not be looked at is ok.
#[test]
fn an_nft_that_does_not_list_its_rules() {
    let setup = Setup::start("doctor_nft_fails");
    let dir = setup.host().dir.join("bin");
    fs::create_dir(&dir).expect("a folder");
    let nft = dir.join("nft");
    fs::write(&nft, "#!/bin/sh\necho 'Error: no memory' >&2\nexit 1\n").expect("a script");
    fs::set_permissions(&nft, Permissions::from_mode(0o755)).expect("a program");
    let path = std::env::var("PATH").expect("a PATH");
    let told = setup.doctor_by(&["env", &format!("PATH={}:{path}", dir.display())]);
    for check in ["foreign-rule", "firewall"] {
        let point = told.expect(check, "warning", "`nft -j list ruleset`: Error: no memory");
        assert_eq!(point.mend, "nft -j list ruleset");
        setup.doctor().expect_ok(check);
    }
    told.expect_only(&["foreign-rule", "firewall"]);
}

#[test]
fn native_nft_that_drops_by_policy() {
    let setup = Setup::start("doctor_nft");
    setup.sh(
        "nft add table inet fw && \
         nft 'add chain inet fw input { type filter hook input priority 0; policy drop; }' && \
         nft add rule inet fw input ct state vmap '{ established : accept, related : accept, invalid : drop }' && \
         nft add rule inet fw input iifname lo accept && \
         nft add rule inet fw input meta l4proto icmpv6 accept && \
         nft add rule inet fw input tcp dport '{ 22, 1000-1001 }' accept",
    );
    let told = setup.doctor();
    let point = told.expect(
        "firewall",
        "warning",
        "nft chain inet fw input: policy drop",
    );
    let twin = told.expect("firewall", "warning", "port 3000");
    told.expect_only(&["firewall"]);
    setup.sh(&format!("{}\n{}", point.mend, twin.mend));
    setup.doctor().expect_ok("firewall");
    // And the judgement is the kernel's: closed, it is refused at once.
    setup
        .with_settings(|settings| settings)
        .words(&["close", "web"])
        .expect_exit(0);
    let line = setup.haproxy().server("web1");
    assert!(line.get("check_status").ends_with("L4CON"), "{line:?}");
}

/// Of a firewall on the way nothing is seen here but HAProxy's word.
#[test]
fn checks_that_are_dropped_on_the_way() {
    let setup = Setup::start("doctor_way");
    let on_the_way = |change: &str| {
        let rule = format!("{change} OUTPUT -p tcp --dport 2000 -j DROP");
        setup
            .site
            .balancer
            .run("sh", &["-ec", &format!("iptables {rule}")]);
    };
    setup
        .with_settings(|settings| settings)
        .words(&["close", "web"])
        .expect_exit(0);
    setup.doctor().expect(
        "firewall",
        "ok",
        "port 2000, closed: HAProxy's checks are refused at once",
    );
    on_the_way("-A");
    let told = told_when(&setup, "warning");
    let point = told.expect("firewall", "warning", "are dropped (L4TOUT)");
    assert!(
        point.mend.starts_with("in the firewall on the way"),
        "{point:?}"
    );
    on_the_way("-D");
    told_when(&setup, "ok").expect_ok("firewall");
}

/// Once HAProxy's next check has ended so.
fn told_when(setup: &Setup, verdict: &str) -> Told {
    wait_for("HAProxy's next check", Duration::from_secs(10), || {
        let told = setup.doctor();
        let mut points = told.points.iter().filter(|point| point.check == "firewall");
        let stands = points.next().is_some_and(|point| point.verdict == verdict);
        stands.then_some(told)
    })
}

/// Lines by IPv6 are dropped by the tables of IPv6.
#[test]
fn a_filter_of_ipv6() {
    let setup = Setup::with("doctor_six", |reference| {
        let reference = reference.with("10.77.0.11:", "[fd77::11]:");
        reference.with("10.77.0.12:", "[fd77::12]:")
    });
    setup.sh(&format!(
        "i=ip6tables; $i -A INPUT -p ipv6-icmp -j ACCEPT; $i {LET_IN}"
    ));
    let told = setup.doctor();
    let point = told.expect("firewall", "warning", "port 2000 is dropped");
    let twin = told.expect("firewall", "warning", "port 3000 is dropped");
    assert!(
        point.mend.starts_with("ip6tables-nft -I INPUT"),
        "{point:?}"
    );
    told.expect_only(&["firewall"]);
    setup.sh(&format!("{}\n{}", point.mend, twin.mend));
    setup.doctor().expect_ok("firewall");
}
