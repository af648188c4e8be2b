//! It opens the gates as soon as the app is healthy, and keeps them open.

use std::iter;
use std::time::{Duration, Instant};

use crate::kept_open;
use lab::fleet::Fleet;
use lab::harm::{HARM, harm};
use lab::one_machine::OneMachine;
use lab::process::Process;
use lab::settings::Settings;
use lab::sidecar::Sidecar;
use lab::site::Host;
use lab::wait_for;

/// What takes a moment takes less than this on a machine that pauses for two seconds.
const BUSY: Duration = Duration::from_secs(4);

/// After a boot: no rules, and the app is not there yet.
#[test]
fn a_healthy_app_opens_the_gates() {
    let fleet = Fleet::closed("sc_opens", |reference| reference);
    let app = fleet.app(1);
    app.set_sick(true);
    let mut sidecar = Sidecar::start(fleet.host(1), fleet.agent(1, |settings| settings));
    sidecar.wait_for_notification("web: closed until the app is healthy: ");
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
    app.set_sick(false);
    let well = Instant::now();
    fleet.host(1).wait_for_gate(3000, true);
    let took = well.elapsed();
    assert!(took < BUSY, "{took:?}");
    sidecar.wait_for_notification("web: open, UP on 1 of 1 balancer");
    let notifications = sidecar.notifications();
    assert!(
        notifications.iter().any(|line| line == "WATCHDOG=1"),
        "{notifications:?}"
    );
}

/// Each app has its own gates, and both need the chain and the jumps to it.
#[test]
fn two_apps_open_at_the_same_moment() {
    for round in 1..=3 {
        let machine = OneMachine::start(&format!("sc_two{round}"), Duration::from_millis(100));
        let mut sidecar = Sidecar::start(machine.host(), machine.agent());
        let ready = Instant::now();
        for port in [2000, 2001, 3000, 3001] {
            machine.host().wait_for_gate(port, true);
        }
        let took = ready.elapsed();
        assert!(took < BUSY, "{took:?}");
        machine.haproxy.wait_until_all_up();
        let notifications = sidecar.notifications().join("\n");
        assert!(
            !notifications.contains("not as expected"),
            "{notifications}"
        );
    }
}

/// Each harm comes twice, and the machine does not pause both times.
#[test]
fn harmed_nft_rules_are_repaired_within_a_second() {
    let took = repairs("sc_nft", "nft", 2);
    let (first, second) = took.split_at(took.len() / 2);
    for (first, second) in first.iter().zip(second) {
        assert!(*first.min(second) < Duration::from_secs(1), "{took:?}");
    }
}

/// The kernel sends no notifications about legacy rules: the sidecar looks every 2 s. The machine may
/// pause once.
#[test]
fn harmed_legacy_rules_are_repaired() {
    let mut took = repairs("sc_legacy", "legacy", 1);
    took.sort_unstable();
    let slow = took[took.len() - 2];
    assert!(slow < Duration::from_millis(3500), "{took:?}");
}

/// The time until each harm was repaired, in so many rounds.
fn repairs(test: &str, variant: &str, rounds: usize) -> Vec<Duration> {
    let fleet = Fleet::closed(test, |reference| reference);
    let settings = |settings: Settings| settings.set("agent.iptables", variant);
    fleet.open_gates_with(settings);
    let mut sidecar = Sidecar::start(fleet.host(1), fleet.agent(1, settings));
    sidecar.wait_for_notification("web: open");
    let host = fleet.host(1);
    keep_tracking(host, variant);
    let traffic = fleet.traffic();
    let mut all = Vec::new();
    for (what, command) in iter::repeat_n(HARM, rounds).flatten() {
        for program in ["iptables", "ip6tables"] {
            let whole = host
                .namespace
                .run(&format!("{program}-{variant}"), &["-t", "nat", "-S"]);
            harm(host, &format!("{program}-{variant}"), command);
            let harmed = Instant::now();
            let rules = || {
                host.namespace
                    .run(&format!("{program}-{variant}"), &["-t", "nat", "-S"])
            };
            while sorted(&rules()) != sorted(&whole) {
                assert!(
                    harmed.elapsed() < Duration::from_secs(10),
                    "{program}: {what}: not repaired:\n{}\nwas\n{whole}",
                    rules()
                );
                std::thread::sleep(Duration::from_millis(5));
            }
            let took = harmed.elapsed();
            println!("{variant} {program}: {what}: {} ms", took.as_millis());
            all.push(took);
        }
    }
    traffic.stop().assert_unnoticed();
    sidecar.wait_for_notification("web: open");
    assert_eq!(sidecar.stop().exit, 0);
    all
}

/// The usual rule of a host firewall. Without another user of connection tracking, the flush of all
/// rules turns it off, and connections with a translated source port break.
fn keep_tracking(host: &Host, variant: &str) {
    let rule = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
    for program in ["iptables", "ip6tables"] {
        let words: Vec<&str> = rule.split(' ').collect();
        host.namespace.run(&format!("{program}-{variant}"), &words);
    }
}

/// The order within our chain has no meaning.
fn sorted(rules: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = rules.lines().collect();
    lines.sort_unstable();
    lines
}

/// An operation on another app has the host's lock for any time.
#[test]
fn rules_are_repaired_while_another_app_restarts() {
    let (fleet, mut sidecar) = kept_open("sc_other");
    let host = fleet.host(1);
    let lock = host.dir.join("state/lock");
    let mut other = host.namespace.command("flock");
    let other = other.arg("--no-fork").arg(&lock).args(["sleep", "60"]);
    let other = Process::spawn("flock", other);
    let held = || {
        host.namespace
            .command("flock")
            .arg("-n")
            .arg(&lock)
            .arg("true")
            .status()
    };
    wait_for("the lock", Duration::from_secs(5), || {
        (!held().unwrap().success()).then_some(())
    });
    let (_, flush) = HARM[0];
    harm(host, "iptables-nft", flush);
    let harmed = Instant::now();
    host.wait_for_gate(3000, true);
    let took = harmed.elapsed();
    assert!(took < BUSY, "{took:?}");
    assert!(!held().unwrap().success(), "the lock was free");
    sidecar.wait_for_notification("web: open");
    drop(other);
}
