//! Somebody else works on the rules: holds the xtables lock (legacy), or changes his own all
//! the time (nft, where there is no lock). The agent waits and tries again within its limits.

use std::fs::File;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use crate::lab::agent::Agent;
use crate::lab::fleet::Fleet;
use crate::lab::process::Process;
use crate::lab::settings::Settings;

const LOCKED: &str = "somebody holds the xtables lock";

/// Twice the 5 s that iptables itself waits, while the gates should open.
#[test]
fn lock_is_held_at_the_reopen() {
    let (fleet, lock) = legacy_fleet("lock_open");
    let boots = fleet.boots()[0];
    let traffic = fleet.traffic();
    let running = agent(&fleet, |settings| settings).start("restart", "web");
    fleet.host(1).wait_for_phase("healthy");
    let holder = lock.hold(Duration::from_secs(10));
    let ended = running.wait().expect(0, "restarted, and back in rotation");
    holder.join().expect("a holder");
    let report = ended.report();
    assert!(
        report.ended("open") - report.began("open") > 8.0,
        "{report:?}"
    );
    assert_eq!(fleet.boots()[0], boots + 1);
    traffic.stop().assert_unnoticed();
}

/// The main gate is closed, the twin's can't be within the limit: back to how it was, and the
/// app is not touched.
#[test]
fn lock_is_held_for_too_long_while_shedding() {
    let (fleet, lock) = legacy_fleet("lock_shed");
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    let hurried = |settings: Settings| {
        let settings = settings.set("app.web.timeouts.out_of_rotation", "3s");
        settings.set("app.web.sticky", "500ms")
    };
    let running = agent(&fleet, hurried).start("restart", "web");
    fleet.host(1).wait_for_phase("sticky");
    let holder = lock.hold(Duration::from_secs(8));
    let ended = running.wait().expect(1, LOCKED);
    holder.join().expect("a holder");
    let message = ended.report().message;
    let left = "; the gates were put back, the app was not touched";
    assert!(message.ends_with(left), "{message}");
    let gates = ended.report().gates;
    assert!(
        gates.iter().all(|gate| gate.position == "open"),
        "{gates:?}"
    );
    assert_eq!(fleet.boots(), boots);
    traffic.stop().assert_unnoticed();
}

/// Who can't read the rules does not begin.
#[test]
fn lock_is_held_before() {
    let (fleet, lock) = legacy_fleet("lock_before");
    let boots = fleet.boots();
    let holder = lock.hold(Duration::from_secs(6));
    let ended = agent(&fleet, |settings| settings).run("restart", "web");
    let report = ended.expect(11, LOCKED).report();
    assert!(
        report.message.ends_with("; nothing was changed"),
        "{report:?}"
    );
    holder.join().expect("a holder");
    assert_eq!(fleet.boots(), boots);
    agent(&fleet, |settings| settings).open("web");
}

/// Each change of his makes the kernel refuse what others have prepared meanwhile.
#[test]
fn nft_is_changed_all_the_time() {
    let fleet = Fleet::two_stage("churn");
    fleet.open_gates();
    let (boots, trouble) = (fleet.boots()[0], fleet.haproxy.trouble());
    let churn = "while :; do for how in A D; do \
                 iptables-nft -t nat -$how PREROUTING -p tcp --dport 9 -j ACCEPT; \
                 iptables-nft -t filter -$how INPUT -p tcp --dport 9 -j ACCEPT; \
                 ip6tables-nft -t nat -$how PREROUTING -p tcp --dport 9 -j ACCEPT; \
                 done; done";
    let mut shell = fleet.host(1).namespace.command("sh");
    let mut shell = Process::spawn("churn", shell.args(["-c", churn]));
    let traffic = fleet.traffic();
    fleet.app(1).set_cold(Duration::from_millis(100));
    for times in 1..=3 {
        let agent = fleet.agent(1, |settings| settings);
        agent
            .run("restart", "web")
            .expect(0, "restarted, and back in rotation");
        assert_eq!(fleet.boots()[0], boots + times);
    }
    assert!(shell.is_running(), "{}", shell.err.text());
    shell.kill_group();
    traffic.stop().assert_unnoticed();
    assert_eq!(fleet.haproxy.trouble(), trouble);
}

/// A lock of the test's own: that of the machine is shared by all its networks.
struct Lock {
    file: File,
}

impl Lock {
    /// In the background, from now on.
    fn hold(&self, time: Duration) -> JoinHandle<()> {
        let file = self.file.try_clone().expect("an open file");
        self.file.lock().expect("the lock");
        spawn(move || {
            sleep(time);
            file.unlock().expect("our lock");
        })
    }
}

fn legacy_fleet(test: &str) -> (Fleet, Lock) {
    let fleet = Fleet::two_stage(test);
    let path = fleet.site.dir.join("xtables.lock");
    let file = File::create(path).expect("a lock");
    for number in crate::lab::fleet::NUMBERS {
        let settings = legacy(fleet.settings(number).haproxy("tcp://10.77.0.1:9999"));
        Agent::new(fleet.host(number), &settings).open("web");
    }
    fleet.haproxy.wait_until_all_up();
    fleet.app(1).set_cold(Duration::from_millis(300));
    (fleet, Lock { file })
}

fn agent(fleet: &Fleet, change: impl FnOnce(Settings) -> Settings) -> Agent<'_> {
    let agent = fleet.agent(1, |settings| change(legacy(settings)));
    agent.env("XTABLES_LOCKFILE", &fleet.site.dir.join("xtables.lock"))
}

fn legacy(settings: Settings) -> Settings {
    settings.set("agent.iptables", "legacy")
}
