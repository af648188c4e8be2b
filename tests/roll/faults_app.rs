//! Apps that do not come back healthy, or are another process. The agent opens no gate before an
//! unhealthy app, and restarts no app twice.

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use lab::agent::Ended;
use lab::daemon::argv;
use lab::fleet::Fleet;
use lab::process::Process;
use lab::reference::{QUICK, Reference};
use lab::settings::Settings;

const OPEN: [bool; 2] = [true, true];
const CLOSED: [bool; 2] = [false, false];

/// SIGTERM ends it, and no supervisor starts it again.
#[test]
fn an_app_that_never_comes_back_stays_out() {
    let fleet = Fleet::quick("app_gone", |reference| reference);
    let traffic = fleet.traffic();
    let pidfile = pidfile(&fleet);
    let ended = restart(&fleet, |settings| {
        settings
            .set("app.web.restart.signal", "SIGTERM")
            .set("app.web.restart.pidfile", pidfile)
            .set("app.web.timeouts.healthy", "1s")
    });
    let says = "the app is not healthy after the restart: connection refused; the gates stay \
        closed: fix it, then run `agent recover web`";
    ended.expect(15, says);
    assert_eq!(fleet.host(1).gates_are_open(), CLOSED);
    assert_eq!(fleet.boots()[0], 1);
    traffic.stop().assert_unnoticed();
}

/// Healthy, sick, then healthy: the streak begins again, and the gates open at its end.
#[test]
fn an_app_that_flaps_begins_its_streak_again() {
    let fleet = Fleet::quick("app_flaps", |reference| reference);
    let asked = fleet.host(1).dir.join("asked");
    // The preflight asks first. The third answer is in the middle of a streak.
    let script = "echo >>\"$0\"; test $(wc -l <\"$0\") != 3";
    let check = argv(&["sh", "-c", script, &asked.display().to_string()]);
    let traffic = fleet.traffic();
    let running = fleet.agent(1, |settings| {
        let settings = settings.unset("app.web.health.http");
        let settings = settings.set("app.web.health.command", check);
        settings.set("app.web.health.times", 3)
    });
    let running = running.start("restart", "web");
    fleet.host(1).wait_for_gate(2000, false);
    fleet.host(1).wait_for_gate(2000, true);
    let times = fs::read_to_string(&asked).expect("it was asked").len();
    running.wait().expect(0, "restarted, and back in rotation");
    assert_eq!(times, 1 + 2 + 3, "asked before the gate was opened");
    assert_eq!(fleet.boots()[0], 2);
    traffic.stop().assert_unnoticed();
}

/// The app was healthy when the gates opened, so they stay open. HAProxy's own checks keep users
/// off, and the fix needs no agent.
#[test]
fn an_app_that_dies_after_the_reopen_is_not_restarted_again() {
    // Two seconds and more until UP, so that the test comes first.
    let slow = |config: Reference| {
        let config = config.with(QUICK, "inter 1s fastinter 200ms downinter 700ms");
        config.with("rise 2", "rise 12")
    };
    let fleet = Fleet::quick("app_dies", slow);
    let traffic = fleet.traffic();
    let hurried = |settings: Settings| {
        let settings = settings.hurried();
        settings.set("app.web.timeouts.in_rotation", "2s")
    };
    let running = fleet.agent(1, hurried).start("restart", "web");
    fleet.host(1).wait_for_phase("open");
    kill(app(&fleet), Signal::SIGKILL).expect("an app");
    let says = "the gates are open and the app was healthy, but HAProxy shows: \
        tcp://10.77.0.1:9999 srvs/web1 is DOWN";
    running.wait().expect(16, says);
    assert_eq!(fleet.host(1).gates_are_open(), OPEN);
    assert_eq!(fleet.boots()[0], 2, "restarted again");
    traffic.stop().assert_unnoticed();
}

/// The pidfile names a process that is gone, and then a process that got its number.
#[test]
fn a_stale_pidfile_is_refused() {
    let fleet = Fleet::quick("app_stale", |reference| reference);
    let (rules, pidfile) = (fleet.host(1).rules(), pidfile(&fleet));
    let was = fs::read_to_string(&pidfile).expect("a pid");
    let traffic = fleet.traffic();
    let mut stranger = fleet.host(1).namespace.command("sleep");
    let mut stranger = Process::spawn("sleep", stranger.arg("99"));
    write_long_ago(&pidfile, &stranger.pid().to_string());
    let says = "began after it was written, and does not listen on port 1000; start the app, or \
        fix where it writes its pid; nothing was changed";
    restart(&fleet, |settings| settings).expect(11, says);
    assert!(stranger.is_running(), "a stranger got the signal");
    stranger.stop();
    let says = "start the app, or fix where it writes its pid; nothing was changed";
    restart(&fleet, |settings| settings).expect(11, says);
    assert_eq!((fleet.boots()[0], fleet.host(1).rules()), (1, rules));
    // The app's own number is correct, however old the file is.
    write_long_ago(&pidfile, &was);
    restart(&fleet, |settings| settings).expect(0, "restarted");
    traffic.stop().assert_unnoticed();
}

fn restart(fleet: &Fleet, change: impl FnOnce(Settings) -> Settings) -> Ended {
    fleet.agent(1, change).run("restart", "web")
}

fn pidfile(fleet: &Fleet) -> String {
    let pidfile = fleet.host(1).dir.join("web1/pid");
    pidfile.display().to_string()
}

fn app(fleet: &Fleet) -> Pid {
    Pid::from_raw(fleet.app(1).daemon.process.pid().cast_signed())
}

fn write_long_ago(path: &str, text: &str) {
    fs::write(path, text).expect("a pidfile");
    let file = fs::File::options().write(true).open(path);
    let then = std::time::SystemTime::now() - Duration::from_secs(3600);
    let set = file.and_then(|file| file.set_modified(then));
    set.expect("an old pidfile");
}
