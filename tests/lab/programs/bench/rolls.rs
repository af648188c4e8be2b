//! Rolls of the same hosts under the same traffic, by the agent and by other means.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Serialize;

use crate::ansible;
use lab::app_dir::AppDir;
use lab::fleet::{Fleet, Layout, NUMBERS};
use lab::load::record::Summary;
use lab::reference::{CLAIMED, IN_TIME, QUICK, Reference};

/// The checks of the lab, and those of an ordinary HAProxy for the bench.
pub const CHECKS: (&str, &str) = (QUICK, "inter 500ms");

/// The aims for a roll by the agent with the checks that `agent haproxy-config` prints.
const AIMS: [(Layout, f64); 2] = [(Layout::TwoStage, 2.8), (Layout::Single, 2.4)];

/// The traffic before and after a roll: some effects come late.
const AROUND: Duration = Duration::from_secs(1);

/// The figures of users and HAProxy in one roll.
#[derive(Debug, Serialize)]
pub struct Roll {
    pub how: &'static str,
    /// HAProxy's checks.
    pub checks: &'static str,
    /// At most so many seconds a host.
    pub aim: Option<f64>,
    pub hosts: usize,
    pub requests: usize,
    /// Requests a second.
    pub rate: f64,
    pub failed: usize,
    pub slowest_ms: f64,
    /// From the start of the roll until all apps listen and HAProxy shows them UP.
    pub seconds_a_host: f64,
    /// econ + eresp + wretr + wredis of all server lines, from HAProxy's counters.
    pub trouble: u64,
}

pub fn measure(agent: &Path, environment: &Path, quick: bool) -> Vec<Roll> {
    let numbers = if quick { &NUMBERS[..1] } else { &NUMBERS[..] };
    let by_agent = |layout, checks| by_agent(layout, checks, numbers, agent);
    let mut rolls: Vec<Roll> = LAYOUTS.map(|layout| by_agent(layout, CHECKS.1)).into();
    let fleet = fleet(Layout::TwoStage, CHECKS.1, ordinary);
    fleet.haproxy.wait_until_all_up();
    rolls.push(roll("plain restarts", CHECKS.1, &fleet, numbers, || {
        numbers.iter().for_each(|number| restart(&fleet, *number));
    }));
    rolls.push(roll(
        "plain, each UP first",
        CHECKS.1,
        &fleet,
        numbers,
        || {
            careful(&fleet, numbers);
        },
    ));
    let by_ansible = |fleet: &Fleet, checks| {
        roll("Ansible, MAINT", checks, fleet, numbers, || {
            ansible::roll(fleet, numbers, environment);
        })
    };
    rolls.push(by_ansible(&fleet, CHECKS.1));
    drop(fleet);
    rolls.extend(AIMS.map(|(layout, aim)| Roll {
        aim: Some(aim),
        ..by_agent(layout, printed(layout))
    }));
    let fleet = self::fleet(Layout::TwoStage, CLAIMED, ordinary);
    fleet.haproxy.wait_until_all_up();
    rolls.push(by_ansible(&fleet, CLAIMED));
    rolls
}

const LAYOUTS: [Layout; 3] = [Layout::TwoStage, Layout::Single, Layout::Classic];

/// The checks that `agent haproxy-config` prints.
pub fn printed(layout: Layout) -> &'static str {
    match layout {
        Layout::TwoStage => CLAIMED,
        Layout::Classic | Layout::Single => IN_TIME,
    }
}

fn fleet(layout: Layout, checks: &str, change: impl FnOnce(Reference) -> Reference) -> Fleet {
    Fleet::with("bench", layout, |reference| {
        change(reference.with(CHECKS.0, checks))
    })
}

/// A set-up without an agent: one line for each host, which checks the app itself; and a socket for
/// operators.
fn ordinary(reference: Reference) -> Reference {
    NUMBERS
        .iter()
        .fold(reference.for_operators(), |reference, number| {
            let at = format!("10.77.0.1{number}:1000 cookie w{number}");
            reference
                .with(
                    &format!("    server bkp{number} {at} port 3000 backup\n"),
                    "",
                )
                .with(&format!("{at} port 2000"), &at)
        })
}

fn by_agent(layout: Layout, checks: &'static str, numbers: &[usize], agent: &Path) -> Roll {
    let how = match layout {
        Layout::TwoStage => "agent, two-stage",
        Layout::Classic => "agent, classic",
        Layout::Single => "agent, single",
    };
    let fleet = fleet(layout, checks, |reference| reference);
    fleet.open_gates();
    roll(how, checks, &fleet, numbers, || {
        for number in numbers {
            let configured = fleet.agent(*number, |settings| settings);
            configured
                .installed_at(agent)
                .run("restart", "web")
                .expect_exit(0);
        }
    })
}

/// The signal that the agent sends, too. It returns when the new process runs, as `systemctl
/// restart` does.
fn restart(fleet: &Fleet, number: usize) {
    let app = fleet.app(number);
    let boots = app.boots().len();
    kill(pid(app), Signal::SIGUSR2).expect("a running app");
    app.wait_for_boot_after(boots);
}

/// Goes on to the next host when this one is back.
fn careful(fleet: &Fleet, numbers: &[usize]) {
    for number in numbers {
        restart(fleet, *number);
        fleet.app(*number).wait_until_listening();
        fleet.haproxy.wait_until_all_up();
    }
}

fn pid(app: &AppDir) -> Pid {
    let text = std::fs::read_to_string(app.pidfile()).expect("a pidfile");
    Pid::from_raw(text.trim().parse().expect("a pid"))
}

fn roll(
    how: &'static str,
    checks: &'static str,
    fleet: &Fleet,
    numbers: &[usize],
    by: impl FnOnce(),
) -> Roll {
    eprintln!("a roll: {how}, {checks}");
    let (before, traffic) = (fleet.haproxy.trouble(), fleet.full_traffic());
    thread::sleep(AROUND);
    let started = Instant::now();
    by();
    for number in numbers {
        fleet.app(*number).wait_until_listening();
    }
    fleet.haproxy.wait_until_all_up();
    let seconds = started.elapsed().as_secs_f64();
    thread::sleep(AROUND);
    let met: Summary = traffic.stop();
    Roll {
        how,
        checks,
        aim: None,
        hosts: numbers.len(),
        requests: met.requests,
        rate: met.rate,
        failed: met.failed,
        slowest_ms: met.slowest_ms,
        seconds_a_host: seconds / numbers.len() as f64,
        trouble: fleet.haproxy.trouble() - before,
    }
}
