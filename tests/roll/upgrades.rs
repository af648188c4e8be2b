//! The app is upgraded while it is out of rotation: a command switches a symlink to the next
//! release. The release is healthy, or sick, or does not even start, and then the agent rolls it
//! back. Users notice nothing of it.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use lab::agent::{Agent, Ended, Running};
use lab::daemon::argv;
use lab::fleet::Fleet;
use lab::load::record::Event;
use lab::settings::Settings;
use lab::wait_for;

const OPEN: [bool; 2] = [true, true];
const CLOSED: [bool; 2] = [false, false];

/// One host of a fleet, with releases of its app.
struct Releases<'a> {
    fleet: &'a Fleet,
    number: usize,
    boots: usize,
}

impl<'a> Releases<'a> {
    fn of(fleet: &'a Fleet, number: usize) -> Releases<'a> {
        let releases = Releases {
            fleet,
            number,
            boots: fleet.boots()[number - 1],
        };
        std::os::unix::fs::symlink("1", releases.file("release")).expect("a release");
        releases
    }

    fn file(&self, name: &str) -> PathBuf {
        self.fleet.app(self.number).path().join(name)
    }

    /// A shell line that switches to a release, notes it in `log`, and runs `more`. Who sees the note
    /// finds the release.
    fn switch(&self, to: &str, more: &str) -> String {
        let dir = self.fleet.app(self.number).path().display();
        format!("cd {dir} && ln -sfn {to} release && echo $AGENT_PHASE $AGENT_APP >>log && {more}")
    }

    /// A shell line that lasts until the test ends it, or the test is over.
    fn until(&self, file: &str) -> String {
        let file = self.file(file).display().to_string();
        format!("for i in $(seq 1000); do test -e {file} && break; sleep 0.02; done")
    }

    fn end(&self, file: &str) {
        fs::write(self.file(file), "").expect("a file");
    }

    fn set(&self, settings: Settings, key: &str, line: &str) -> Settings {
        settings.set(&format!("app.web.{key}"), argv(&["sh", "-c", line]))
    }

    /// Upgrades to release 2, which runs `more`, and rolls back to 1, which is healthy.
    fn both(&self, more: &str) -> impl FnOnce(Settings) -> Settings {
        let upgrade = self.switch("2", more);
        let rollback = self.switch("1", "rm -f sick");
        move |settings| {
            let settings = self.set(settings, "upgrade", &upgrade);
            self.set(settings, "rollback", &rollback)
                .set("app.web.timeouts.healthy", "2s")
        }
    }

    fn agent(&self, change: impl FnOnce(Settings) -> Settings) -> Agent<'a> {
        self.fleet.agent(self.number, change)
    }

    /// The commands so far.
    fn log(&self) -> Vec<String> {
        let ran = fs::read_to_string(self.file("log")).unwrap_or_default();
        ran.lines().map(str::to_owned).collect()
    }

    fn booted(&self) -> usize {
        self.fleet.boots()[self.number - 1] - self.boots
    }

    /// The release on the disk, the commands so far, and the boots since then.
    fn expect(&self, release: &str, log: &[&str], boots: usize) {
        let now = fs::read_link(self.file("release")).expect("a release");
        let ran = self.log();
        let ran: Vec<&str> = ran.iter().map(String::as_str).collect();
        assert_eq!(
            (now.to_str(), ran.as_slice(), self.booted()),
            (Some(release), log, boots)
        );
    }

    fn expect_open(&self) {
        assert_eq!(self.fleet.host(self.number).gates_are_open(), OPEN);
        for line in ["web", "bkp"] {
            let line = format!("{line}{}", self.number);
            assert_eq!(self.fleet.haproxy.server(&line).status(), "UP", "{line}");
        }
        assert!(!self.is_held(), "it is still held closed");
    }

    /// The gates are closed, and neither a recovery nor a sidecar opens them.
    fn expect_held(&self) {
        assert_eq!(self.fleet.host(self.number).gates_are_open(), CLOSED);
        assert!(self.is_held(), "no hold keeps it closed");
        let recovered = self.agent(|settings| settings).run("recover", "web");
        recovered.expect(0, "nothing to recover: an operator closed the gates");
        assert_eq!(self.fleet.host(self.number).gates_are_open(), CLOSED);
    }

    fn is_held(&self) -> bool {
        self.fleet
            .host(self.number)
            .dir
            .join("state/web.closed")
            .exists()
    }

    fn wait_until_it_runs(&self, phase: &str) {
        wait_for(phase, Duration::from_secs(20), || {
            let ran = format!("{phase} web");
            self.log().contains(&ran).then_some(())
        });
    }
}

fn phases(ended: &Ended) -> Vec<String> {
    let phases = ended.report().phases.into_iter();
    phases.map(|phase| phase.phase).collect()
}

fn others_untouched(fleet: &Fleet, boots: &[usize]) {
    assert_eq!(fleet.boots()[1..], boots[1..]);
    for number in [2, 3] {
        assert_eq!(fleet.host(number).gates_are_open(), OPEN);
    }
}

/// The upgrade runs when the host is out of rotation and drained, with the gates kept closed. It
/// does not delay a unit that stops with the app. Then the app restarts, and the host is back.
#[test]
fn an_upgrade_runs_between_drain_and_restart() {
    let fleet = Fleet::quick("up_switch", |reference| reference);
    let boots = fleet.boots();
    let releases = Releases::of(&fleet, 1);
    let saved = fleet.host(1).dir.join("rules").display().to_string();
    let save = format!("iptables-save -t nat >{saved}");
    fleet.host(1).namespace.run("sh", &["-c", &save]);
    let traffic = fleet.traffic();
    let request = fleet.slow_request(1, 1500);
    let agent = releases.agent(releases.both(&releases.until("done")));
    let running = agent.start("restart", "web");
    releases.wait_until_it_runs("upgrade");
    // The upgrade waited for it.
    fleet.app(1).answered();
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
    for line in ["web1", "bkp1"] {
        assert_eq!(fleet.haproxy.server(line).status(), "DOWN", "{line}");
    }
    releases.expect("2", &["upgrade web"], 0);
    fleet
        .host(1)
        .namespace
        .run("sh", &["-c", &format!("iptables-restore -T nat <{saved}")]);
    let unit = ["close", "web", "--json", "--owner", "web.service"];
    agent.words(&unit).expect(0, "which restarts the app");
    releases.expect("2", &["upgrade web"], 0);
    fleet.host(1).wait_for_gate(2000, false);
    releases.end("done");
    let ended = running.wait().expect_exit(0);
    let shown = phases(&ended);
    assert_eq!(
        shown[shown.len() - 5..],
        ["drain", "upgrade", "restart", "healthy", "open"]
    );
    let notices = ended.report().notices.join("\n");
    assert!(
        notices.contains("another process changed the rules"),
        "{notices}"
    );
    releases.expect("2", &["upgrade web"], 1);
    releases.expect_open();
    others_untouched(&fleet, &boots);
    traffic.stop().assert_unnoticed();
}

#[test]
fn the_command_line_replaces_or_skips_the_upgrade() {
    let fleet = Fleet::quick("up_with", |reference| reference);
    let releases = Releases::of(&fleet, 1);
    let traffic = fleet.traffic();
    let agent = releases.agent(releases.both("true"));
    let plan = agent.words(&["restart", "web", "--dry-run"]).expect_exit(0);
    for part in [
        " upgrade  sh -c ",
        "(limit 10m)",
        "if the app does not come up: sh -c ",
    ] {
        assert!(plan.out.contains(part), "{}", plan.out);
    }
    let with = releases.switch("3", "true");
    let words = ["restart", "web", "--json", "--with", &with];
    let plan = agent.words(&[&words[..], &["--dry-run"]].concat());
    assert!(plan.out.contains("/bin/sh -c"), "{}", plan.out);
    releases.expect("1", &[], 0);
    agent.words(&words).expect_exit(0);
    releases.expect("3", &["upgrade web"], 1);
    let only = agent.words(&["restart", "web", "--json", "--without-upgrade"]);
    assert!(!phases(&only.expect_exit(0)).contains(&"upgrade".to_owned()));
    releases.expect("3", &["upgrade web"], 2);
    // Without an upgrade there is nothing to roll back.
    fleet.app(1).set_sick(true);
    let only = agent.words(&["restart", "web", "--json", "--without-upgrade"]);
    only.expect(15, "the app is not healthy after the restart");
    releases.expect("3", &["upgrade web"], 3);
    fleet.app(1).set_sick(false);
    agent.open("web");
    traffic.stop().assert_unnoticed();
}

/// The new release is sick; it fails to install; the app does not start with it.
#[test]
fn a_release_that_does_not_come_up_is_rolled_back() {
    let fleet = Fleet::quick("up_back", |reference| reference);
    let traffic = fleet.traffic();
    let why = "rolled back: after the upgrade the app was not healthy: 503 from GET";
    rolled_back(&Releases::of(&fleet, 1), ">sick", why, 2);
    let why = "rolled back: the upgrade failed: sh -c ";
    rolled_back(&Releases::of(&fleet, 2), "echo no space; exit 3", why, 1);
    let releases = Releases::of(&fleet, 3);
    let script = format!(
        "cd {} && ! test -e sick && kill -USR2 $(cat pid)",
        fleet.app(3).path().display()
    );
    let agent = releases.agent(|settings| {
        let settings = settings.unset("app.web.restart.signal");
        let settings = settings.unset("app.web.restart.pidfile");
        let settings = releases.set(settings, "restart.command", &script);
        releases.both(">sick")(settings)
    });
    let ended = agent.run("restart", "web");
    ended.expect(
        17,
        "rolled back: after the upgrade the restart failed: sh -c",
    );
    releases.expect("1", &["upgrade web", "rollback web"], 1);
    releases.expect_open();
    traffic.stop().assert_unnoticed();
}

/// It comes up, and fails once users are on it: `settle` catches it, and the old release is back.
#[test]
fn a_release_that_fails_under_users_is_rolled_back() {
    let fleet = Fleet::quick("up_settle", |reference| reference);
    let boots = fleet.boots();
    let releases = Releases::of(&fleet, 1);
    let rollback = releases.switch("1", "rm fails-one-in");
    let both = releases.both("echo 4 >fails-one-in");
    let agent = releases.agent(|settings| {
        let settings = both(settings).set("app.web.settle.for", "10s");
        let settings = settings.set("app.web.settle.errors", "1%");
        releases.set(settings, "rollback", &rollback)
    });
    let traffic = fleet.traffic();
    let ended = agent.run("restart", "web").expect_exit(17);
    let report = ended.report();
    println!("{:.1} s: {}", report.seconds, report.message);
    assert_eq!(report.outcome, "rolled_back");
    for figure in ["rolled back: ", "requests", "answered 5xx", "1% more"] {
        assert!(report.message.contains(figure), "{}", report.message);
    }
    let caught = report.ended("settle") - report.began("settle");
    assert!(caught < 10.0, "settle has 10 s, and it took {caught:.1} s");
    releases.expect("1", &["upgrade web", "rollback web"], 2);
    releases.expect_open();
    others_untouched(&fleet, &boots);
    let failures = traffic.stop().failures;
    assert!(!failures.is_empty(), "no user met the fault");
    let rolled = report.began("rollback");
    let is_expected = |one: &Event| one.what == "status 500" && one.at < rolled;
    assert!(failures.iter().all(is_expected), "{failures:?}");
}

fn rolled_back(releases: &Releases, more: &str, why: &str, boots: usize) {
    let ended = releases.agent(releases.both(more)).run("restart", "web");
    let ended = ended.expect_exit(17);
    let report = ended.report();
    assert_eq!(report.outcome, "rolled_back");
    assert!(report.message.starts_with(why), "{}", report.message);
    let says = "the app is healthy on the old version and back in rotation";
    assert!(report.message.ends_with(says), "{}", report.message);
    let shown = phases(&ended);
    assert_eq!(
        shown[shown.len() - 4..],
        ["rollback", "restart", "healthy", "open"]
    );
    releases.expect("1", &["upgrade web", "rollback web"], boots);
    releases.expect_open();
}

/// The host stays out, the others are untouched, and the operator opens it after the fix.
#[test]
fn a_failed_upgrade_without_a_rollback_stays_closed() {
    let fleet = Fleet::quick("up_closed", |reference| reference);
    let boots = fleet.boots();
    let releases = Releases::of(&fleet, 1);
    let traffic = fleet.traffic();
    let no_way_back = |more: &str| {
        let both = releases.both(more);
        releases.agent(|settings| both(settings).unset("app.web.rollback"))
    };
    let ended = no_way_back("echo no space; exit 3").run("restart", "web");
    let says = "exited with 3: no space; the gates stay closed: look at the app, then run `agent \
        restart web`";
    let report = ended.expect(15, says).report();
    assert_eq!(report.outcome, "upgrade_failed");
    releases.expect("2", &["upgrade web"], 0);
    releases.expect_held();
    let agent = no_way_back(">sick");
    let ended = agent.run("restart", "web");
    let notices = ended.report().notices.join("\n");
    assert!(notices.contains("the upgrade failed"), "{notices}");
    assert_eq!(ended.expect_exit(15).report().outcome, "not_healthy");
    releases.expect("2", &["upgrade web"; 2], 1);
    assert_eq!(fleet.host(1).gates_are_open(), CLOSED);
    others_untouched(&fleet, &boots);
    fleet.app(1).set_sick(false);
    agent.open("web");
    fleet.haproxy.wait_until_all_up();
    releases.expect_open();
    traffic.stop().assert_unnoticed();
}

#[test]
fn a_failed_rollback_stays_closed() {
    let fleet = Fleet::quick("up_neither", |reference| reference);
    let releases = [1, 2].map(|number| Releases::of(&fleet, number));
    let traffic = fleet.traffic();
    let neither = |releases: &Releases, more: &str| {
        let rollback = releases.switch("1", more);
        let both = releases.both(">sick");
        let agent = releases.agent(|settings| releases.set(both(settings), "rollback", &rollback));
        agent.run("restart", "web")
    };
    let log = ["upgrade web", "rollback web"];
    let ended = neither(&releases[0], "exit 4");
    let message = ended
        .expect(15, "the rollback failed: sh -c")
        .report()
        .message;
    let first =
        "after the upgrade the app was not healthy: 503 from GET /healthz, wanted 200..399; ";
    assert!(message.starts_with(first), "{message}");
    releases[0].expect("1", &log, 1);
    releases[0].expect_held();
    let ended = neither(&releases[1], "true");
    let says = "wanted 200..399; rolled back, but the app was not healthy: 503 from GET /healthz";
    assert_eq!(ended.expect(15, says).report().outcome, "upgrade_failed");
    releases[1].expect("1", &log, 2);
    releases[1].expect_held();
    traffic.stop().assert_unnoticed();
}

/// The command outlives the agent and does its work, but a later operation cannot know that.
#[test]
fn an_agent_killed_in_the_upgrade_leaves_the_gates_closed() {
    let fleet = Fleet::quick("up_killed", |reference| reference);
    let traffic = fleet.traffic();
    for (number, phase, more) in [
        (1, "upgrade", "sleep 1; echo done >>log"),
        (2, "rollback", ">sick"),
    ] {
        let releases = Releases::of(&fleet, number);
        let rollback = releases.switch("1", "sleep 1; rm sick; echo done >>log");
        let both = releases.both(more);
        let agent = releases.agent(|settings| releases.set(both(settings), "rollback", &rollback));
        let running = agent.start("restart", "web");
        releases.wait_until_it_runs(phase);
        running.interrupt(Signal::SIGKILL);
        running.wait();
        assert_eq!(fleet.host(number).journal_phase().as_deref(), Some(phase));
        let recovered = agent.run("recover", "web");
        let says = format!("an earlier {phase} was cut short, and its progress is unknown");
        assert_eq!(
            recovered.expect(15, &says).report().outcome,
            "upgrade_failed"
        );
        let log = fs::read_to_string(releases.file("log")).expect("a log");
        assert!(
            log.ends_with("done\n"),
            "the {phase} was not waited for: {log}"
        );
        releases.expect_held();
    }
    // The operator has looked at it.
    let releases = Releases {
        fleet: &fleet,
        number: 1,
        boots: fleet.boots()[0],
    };
    let agent = releases.agent(releases.both("true"));
    let ended = agent.run("restart", "web").expect_exit(0);
    let notices = ended.report().notices.join("\n");
    assert!(notices.contains("was cut short"), "{notices}");
    releases.expect("2", &["upgrade web", "done", "upgrade web"], 1);
    releases.expect_open();
    fleet.agent(2, |settings| settings).open("web");
    traffic.stop().assert_unnoticed();
}

/// Kills an upgrade that is rolled back at records from the upgrade on. If a recovery opens the
/// gates, the app has restarted after each change. Otherwise the gates are held closed.
#[test]
fn killed_at_records() {
    let fleet = Fleet::quick("up_records", |reference| reference);
    fleet.app(1).set_cold(Duration::ZERO);
    let traffic = fleet.traffic();
    let first = Releases::of(&fleet, 1);
    let hurried = |settings: Settings| settings.set("app.web.timeouts.healthy", "500ms");
    let mut died_in = Vec::new();
    // The agent syncs each record twice, the file and then the folder: this covers every record.
    for sync in (10..).step_by(2) {
        let releases = Releases {
            boots: fleet.boots()[0],
            ..first
        };
        let both = releases.both(">sick");
        let agent = releases.agent(|settings| hurried(both(settings)));
        let ended = agent.start_killed_at("restart", sync).wait();
        if ended.exit == 17 {
            break;
        }
        died_in.extend(fleet.host(1).journal_phase());
        let recovered = agent.run("recover", "web");
        let changes = releases.log().len();
        match recovered.exit {
            15 if recovered.report().outcome == "upgrade_failed" => releases.expect_held(),
            15 => assert_eq!(fleet.host(1).gates_are_open(), CLOSED),
            _ if recovered.out.contains("can't confirm that") => {}
            // After the signal the app restarts itself in a moment.
            _ => wait_for("a boot for each change", Duration::from_secs(20), || {
                (releases.booted() == changes).then_some(())
            }),
        }
        let booted = releases.booted();
        assert!(booted <= changes, "{died_in:?}: {}", recovered.out);
        let fix = format!("cd {} && rm -f log sick", first.file("").display());
        let agent = releases.agent(releases.both(">sick"));
        let again = agent.words(&["restart", "web", "--json", "--with", &fix]);
        again.expect_exit(0);
        fleet.app(1).wait_for_boot_after(releases.boots + booted);
    }
    for phase in ["upgrade", "healthy", "rollback", "open"] {
        let found = died_in.iter().any(|died| died == phase);
        assert!(found, "never died with {phase} recorded: {died_in:?}");
    }
    println!("died {} times, in {died_in:?}", died_in.len());
    traffic.stop().assert_unnoticed();
}

/// The sidecar does not open the gates, and the next restart still knows about the upgrade.
#[test]
fn a_sidecar_does_not_open_a_half_upgraded_app() {
    let fleet = Fleet::quick("up_sidecar", |reference| reference);
    let traffic = fleet.traffic();
    let releases = Releases::of(&fleet, 1);
    let agent = releases.agent(releases.both("sleep 1"));
    let sidecar = agent.start_sidecar();
    let running = agent.start("restart", "web");
    releases.wait_until_it_runs("upgrade");
    running.interrupt(Signal::SIGKILL);
    running.wait();
    let host = fleet.host(1);
    wait_for("the end of the journal", Duration::from_secs(20), || {
        host.journal_phase().is_none().then_some(())
    });
    sleep(Duration::from_secs(2));
    assert_eq!(host.gates_are_open(), CLOSED);
    releases.expect("2", &["upgrade web"], 0);
    let status = agent.words(&["status"]);
    assert!(
        status.out.contains("an earlier upgrade was cut short"),
        "{}",
        status.out
    );
    agent.run("restart", "web").expect_exit(0);
    releases.expect("2", &["upgrade web"; 2], 1);
    releases.expect_open();
    sidecar.interrupt(Signal::SIGKILL);
    sidecar.wait();
    traffic.stop().assert_unnoticed();
}

/// A boot loses the journal and the rules, but not half an upgrade.
#[test]
fn a_power_loss_in_the_upgrade_leaves_the_gates_closed() {
    let fleet = Fleet::quick("up_power", |reference| reference);
    let traffic = fleet.traffic();
    let releases = Releases::of(&fleet, 1);
    let agent = releases.agent(releases.both(&releases.until("done")));
    let running = agent.start("restart", "web");
    releases.wait_until_it_runs("upgrade");
    // What is under way has not failed.
    assert_eq!(failed(&agent), Value::Null);
    running.interrupt(Signal::SIGKILL);
    running.wait();
    assert_eq!(failed(&agent), "upgrade_cut_short");
    releases.end("done");
    let host = fleet.host(1);
    for kept in ["web.json", "web.command"] {
        fs::remove_file(host.dir.join("state").join(kept)).expect("a record");
    }
    host.namespace.run("iptables", &["-t", "nat", "-F"]);
    host.namespace.run("ip6tables", &["-t", "nat", "-F"]);
    let sidecar = agent.start_sidecar();
    sleep(Duration::from_secs(2));
    assert_eq!(host.gates_are_open(), CLOSED);
    let status = agent.words(&["status"]);
    let says = "its upgrade began and has not ended";
    assert!(status.out.contains(says), "{}", status.out);
    agent.open("web");
    releases.expect_open();
    sidecar.interrupt(Signal::SIGKILL);
    sidecar.wait();
    traffic.stop().assert_unnoticed();
}

/// Ctrl-C does not stop the upgrade: the agent completes it, restarts the app, and opens the gates.
#[test]
fn an_interrupted_upgrade_is_completed() {
    let fleet = Fleet::quick("up_int", |reference| reference);
    let traffic = fleet.traffic();
    for (number, more, says, boots) in [
        (
            1,
            "sleep 1",
            "interrupted: the app is healthy and the gates are open",
            1,
        ),
        (
            2,
            "sleep 1; >sick",
            "; rolled back: the app is healthy and the gates are open",
            2,
        ),
    ] {
        let releases = Releases::of(&fleet, number);
        let running = releases.agent(releases.both(more)).start("restart", "web");
        releases.wait_until_it_runs("upgrade");
        running.interrupt(Signal::SIGINT);
        running.wait().expect(130, says);
        match number {
            1 => releases.expect("2", &["upgrade web"], boots),
            _ => releases.expect("1", &["upgrade web", "rollback web"], boots),
        }
        fleet.haproxy.wait_until_all_up();
        releases.expect_open();
    }
    traffic.stop().assert_unnoticed();
}

/// On timeout the command and its children are killed.
#[test]
fn on_timeout_the_upgrade_and_its_children_are_killed() {
    let fleet = Fleet::quick("up_late", |reference| reference);
    let traffic = fleet.traffic();
    let releases = Releases::of(&fleet, 1);
    let both = releases.both("sleep 98.7 & sleep 98.7");
    let agent = releases.agent(|settings| both(settings).set("app.web.timeouts.upgrade", "3s"));
    let says = "did not end within 3s and was killed, it printed nothing; the app is healthy";
    agent.run("restart", "web").expect(17, says);
    let left = Running::start(
        "pgrep",
        std::process::Command::new("pgrep").args(["-f", "sleep 98.7"]),
    );
    assert_eq!(left.wait().out, "", "still running");
    releases.expect("1", &["upgrade web", "rollback web"], 1);
    releases.expect_open();
    traffic.stop().assert_unnoticed();
}

/// What `status --json` says of the hold.
fn failed(agent: &Agent) -> Value {
    let status: Value =
        serde_json::from_str(&agent.words(&["status", "--json"]).out).expect("JSON");
    status["apps"][0]["hold"]["failed"].clone()
}
