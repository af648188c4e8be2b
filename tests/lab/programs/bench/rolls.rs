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
use lab::reference::{QUICK, Reference};

/// The checks of the lab, and those of an ordinary HAProxy for the bench.
pub const CHECKS: (&str, &str) = (QUICK, "inter 500ms");

/// The traffic before and after a roll: some effects come late.
const AROUND: Duration = Duration::from_secs(1);

/// The figures of users and HAProxy in one roll.
#[derive(Debug, Serialize)]
pub struct Roll {
    pub how: &'static str,
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
    let two_stage = {
        let fleet = fleet(Layout::TwoStage, |reference| reference);
        fleet.open_gates();
        by_agent("agent, two-stage layout", &fleet, numbers, agent)
    };
    let classic = {
        let fleet = fleet(Layout::Classic, |reference| reference);
        fleet.open_gates();
        by_agent("agent, classic layout", &fleet, numbers, agent)
    };
    let fleet = fleet(Layout::TwoStage, ordinary);
    fleet.haproxy.wait_until_all_up();
    let plain = roll("plain restarts", &fleet, numbers, || {
        numbers.iter().for_each(|number| restart(&fleet, *number));
    });
    let careful = roll("plain, each UP first", &fleet, numbers, || {
        careful(&fleet, numbers);
    });
    let ansible = roll("Ansible, MAINT", &fleet, numbers, || {
        ansible::roll(&fleet, numbers, environment);
    });
    vec![two_stage, classic, plain, careful, ansible]
}

fn fleet(layout: Layout, change: impl FnOnce(Reference) -> Reference) -> Fleet {
    Fleet::with("bench", layout, |reference| {
        change(reference.with(CHECKS.0, CHECKS.1))
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

fn by_agent(how: &'static str, fleet: &Fleet, numbers: &[usize], agent: &Path) -> Roll {
    roll(how, fleet, numbers, || {
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

fn roll(how: &'static str, fleet: &Fleet, numbers: &[usize], by: impl FnOnce()) -> Roll {
    eprintln!("a roll: {how}");
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
        hosts: numbers.len(),
        requests: met.requests,
        rate: met.rate,
        failed: met.failed,
        slowest_ms: met.slowest_ms,
        seconds_a_host: seconds / numbers.len() as f64,
        trouble: fleet.haproxy.trouble() - before,
    }
}
