//! Restart commands that fail, hang, leave a daemon or print without end.

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use lab::agent::Ended;
use lab::daemon::argv;
use lab::fleet::Fleet;
use lab::settings::Settings;
use lab::wait_for;

/// The gates stay closed, even if the old app still runs: its state is unknown. On timeout the
/// command and its children are killed.
#[test]
fn a_command_that_fails_or_hangs_leaves_the_gates_closed() {
    let fleet = Fleet::quick("re_fails", |reference| reference);
    let traffic = fleet.traffic();
    let says =
        "exited with 3: no such release; the gates stay closed: fix it, then run `agent open web`";
    let ended = restart(&fleet, command("echo no such release; exit 3"));
    let message = ended.expect(15, says).report().message;
    assert!(message.starts_with("the restart failed: "), "{message}");
    closed_until_opened(&fleet);
    hangs(&fleet);
    closed_until_opened(&fleet);
    assert_eq!(fleet.boots()[0], 1);
    traffic.stop().assert_unnoticed();
}

fn closed_until_opened(fleet: &Fleet) {
    assert_eq!(fleet.host(1).gates_are_open(), [false, false]);
    fleet.agent(1, |settings| settings).open("web");
    assert_eq!(fleet.host(1).gates_are_open(), [true, true]);
}

fn hangs(fleet: &Fleet) {
    let pids = fleet.host(1).dir.join("pids");
    let script = format!(
        "echo $$ >{0}; sleep 99 & echo $! >>{0}; sleep 99",
        pids.display()
    );
    let hanging = command(&script);
    let ended = restart(fleet, |settings| {
        hanging(settings).set("app.web.timeouts.restart", "1s")
    });
    let says = "did not end within 1s and was killed, it printed nothing; the gates stay closed";
    ended.expect(15, says);
    let pids = fs::read_to_string(pids).expect("pids");
    assert_eq!(pids.lines().count(), 2);
    // Each has the signal, and ends a moment later.
    for pid in pids.lines() {
        wait_for(
            &format!("the end of {pid}"),
            Duration::from_secs(20),
            || (!runs(pid)).then_some(()),
        );
    }
}

/// The command is done when its own process ends, and its daemon goes on. Of 200 MB of output the
/// agent keeps the end.
#[test]
fn a_command_may_fork_and_flood() {
    let fleet = Fleet::quick("re_floods", |reference| reference);
    fleet.app(1).set_cold(Duration::from_secs(1));
    let [left, pidfile] = ["left", "web1/pid"].map(|file| fleet.host(1).dir.join(file));
    let script = format!(
        "head -c 200000000 /dev/zero; kill -USR2 $(cat {}); sleep 99 & echo $! >{}",
        pidfile.display(),
        left.display()
    );
    let traffic = fleet.traffic();
    let running = fleet.agent(1, command(&script)).start("restart", "web");
    fleet.host(1).wait_for_phase("healthy");
    let peak = peak_memory(running.pid());
    running.wait().expect(0, "restarted, and back in rotation");
    let left = fs::read_to_string(left).expect("a pid");
    assert!(runs(left.trim()), "the daemon was killed");
    let left = Pid::from_raw(left.trim().parse().expect("a pid"));
    kill(left, Signal::SIGKILL).expect("our daemon");
    println!("peak memory of the agent: {peak} KiB");
    assert!(peak < 40_000, "{peak} KiB");
    assert_eq!(fleet.boots()[0], 2);
    traffic.stop().assert_unnoticed();
}

fn restart(fleet: &Fleet, change: impl FnOnce(Settings) -> Settings) -> Ended {
    fleet.agent(1, change).run("restart", "web")
}

/// Restarts the app by a shell script.
fn command(script: &str) -> impl Fn(Settings) -> Settings {
    let argv = argv(&["sh", "-c", script]);
    move |settings| {
        let settings = settings.unset("app.web.restart.signal");
        let settings = settings.unset("app.web.restart.pidfile");
        settings.set("app.web.restart.command", argv.clone())
    }
}

/// A zombie does not.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// VmHWM in KiB.
fn peak_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).expect("a number")
}
