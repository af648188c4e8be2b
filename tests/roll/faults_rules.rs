//! Another program works on the rules: it holds the xtables lock (legacy), or changes rules all the
//! time (nft, which has no lock). The agent waits and tries again within its limits.

use std::fs::File;
use std::path::PathBuf;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use lab::agent::Agent;
use lab::fleet::Fleet;
use lab::process::Process;
use lab::settings::Settings;

const LOCKED: &str = "another process holds the xtables lock";

/// Held before the restart, the agent refuses. Held too long during the sticky time, it puts the
/// gates back. Held at the reopen for twice the 5 s of iptables' own wait, it only needs more time.
#[test]
fn a_held_xtables_lock_delays_or_aborts() {
    let fleet = Fleet::closed("lock", |reference| reference);
    let lock = Lock::new(&fleet);
    fleet.open_gates_with(legacy);
    let boots = fleet.boots();
    let traffic = fleet.traffic();
    held_before(&fleet, &lock);
    held_while_shedding(&fleet, &lock);
    assert_eq!(fleet.boots(), boots);
    held_at_the_reopen(&fleet, &lock);
    assert_eq!(fleet.boots()[0], boots[0] + 1);
    traffic.stop().assert_unnoticed();
}

/// An agent that cannot read the rules does not begin.
fn held_before(fleet: &Fleet, lock: &Lock) {
    let ended = lock.during(|| agent(fleet, |settings| settings).run("restart", "web"));
    let message = ended.expect(11, LOCKED).report().message;
    assert!(message.ends_with("; nothing was changed"), "{message}");
}

/// The main gate is closed; the agent cannot close the twin's within the limit.
fn held_while_shedding(fleet: &Fleet, lock: &Lock) {
    let hurried = |settings: Settings| {
        let settings = settings.set("app.web.timeouts.out_of_rotation", "3s");
        settings.set("app.web.sticky", "1s")
    };
    let running = agent(fleet, hurried).start("restart", "web");
    fleet.host(1).wait_for_phase("sticky");
    // Longer than iptables waits in this phase and in the next, but shorter than the limit for
    // putting back.
    let owner = lock.hold(Duration::from_secs(12));
    let report = running.wait().expect(1, LOCKED).report();
    owner.join().expect("the lock owner");
    let left = "; the gates were put back, the app was not touched";
    assert!(report.message.ends_with(left), "{}", report.message);
    assert!(report.gates.iter().all(|gate| gate.position == "open"));
}

fn held_at_the_reopen(fleet: &Fleet, lock: &Lock) {
    fleet.app(1).set_cold(Duration::from_secs(30));
    let running = agent(fleet, |settings| settings).start("restart", "web");
    fleet.host(1).wait_for_phase("healthy");
    let owner = lock.hold(Duration::from_secs(10));
    fleet.app(1).set_cold(Duration::ZERO);
    let report = running.wait().expect(0, "back in rotation").report();
    owner.join().expect("the lock owner");
    let opening = report.ended("open") - report.began("healthy");
    assert!(opening > 9.0, "{report:?}");
    assert!(report.gates.iter().all(|gate| gate.position == "open"));
}

/// Each change by the other program makes the kernel refuse what the agent has prepared.
#[test]
fn constant_changes_of_nft_rules_delay_no_restart() {
    let fleet = Fleet::quick("churn", |reference| reference);
    let (boots, trouble) = (fleet.boots()[0], fleet.haproxy.trouble());
    let churn = "while :; do for how in A D; do \
                 iptables-nft -t nat -$how PREROUTING -p tcp --dport 9 -j ACCEPT; \
                 iptables-nft -t filter -$how INPUT -p tcp --dport 9 -j ACCEPT; \
                 ip6tables-nft -t nat -$how PREROUTING -p tcp --dport 9 -j ACCEPT; \
                 done; done";
    let mut shell = fleet.host(1).namespace.command("sh");
    let mut shell = Process::spawn("churn", shell.args(["-c", churn]));
    let traffic = fleet.traffic();
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

/// A lock of this test: all networks of a machine share its lock.
struct Lock {
    file: File,
}

impl Lock {
    fn new(fleet: &Fleet) -> Lock {
        let file = File::create(lock_of(fleet)).expect("a lock");
        Lock { file }
    }

    /// Holds it while this works.
    fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.file.lock().expect("the lock");
        let done = work();
        self.file.unlock().expect("our lock");
        done
    }

    /// Holds it in the background, from now on.
    fn hold(&self, time: Duration) -> JoinHandle<()> {
        let file = self.file.try_clone().expect("an open file");
        self.file.lock().expect("the lock");
        spawn(move || {
            sleep(time);
            file.unlock().expect("our lock");
        })
    }
}

fn lock_of(fleet: &Fleet) -> PathBuf {
    fleet.site.dir.join("xtables.lock")
}

fn agent(fleet: &Fleet, change: impl FnOnce(Settings) -> Settings) -> Agent<'_> {
    let agent = fleet.agent(1, |settings| change(legacy(settings)));
    agent.env("XTABLES_LOCKFILE", &lock_of(fleet))
}

fn legacy(settings: Settings) -> Settings {
    settings.set("agent.iptables", "legacy")
}
