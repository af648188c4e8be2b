//! How long HAProxy takes to see a gate that moves, and what its checks cost, over a grid of their
//! intervals. One host after the other leaves and comes back, without users.

use std::thread;
use std::time::{Duration, Instant};

use lab::fleet::{Fleet, NUMBERS};
use lab::haproxy::Haproxy;
use lab::reference::{QUICK, Reference};
use lab::report::Report;
use serde::Serialize;

use crate::crowd::cpu_time;
use crate::spread::Spread;

/// The checks of both lines, or of the main line, and then of the twin. Each with the checks a second
/// of one host at rest.
const GRID: [(&str, Option<&str>, f64); 6] = [
    ("inter 1s fastinter 300ms downinter 500ms", None, 2.0),
    (
        "inter 1s fastinter 100ms downinter 250ms",
        Some("inter 300ms fastinter 100ms downinter 250ms"),
        4.3,
    ),
    ("inter 500ms fastinter 200ms downinter 250ms", None, 4.0),
    ("inter 500ms fastinter 100ms downinter 250ms", None, 4.0),
    ("inter 500ms fastinter 100ms downinter 100ms", None, 4.0),
    ("inter 300ms fastinter 100ms downinter 100ms", None, 6.7),
];

/// The hosts leave this often, all together.
const TIMES: usize = 12;

/// The hosts behind HAProxy while its CPU time is measured, and how long that is.
const HOSTS: usize = 100;
const REST: Duration = Duration::from_secs(4);

/// The first checks after a start come together.
const SETTLED: Duration = Duration::from_secs(2);

/// Some checks, and the seconds that they took.
#[derive(Debug, Serialize)]
pub struct Checks {
    pub main: &'static str,
    /// None: as the main line.
    pub twin: Option<&'static str>,
    pub a_second: f64,
    /// HAProxy's CPU time for the checks of 100 hosts, in percent of one CPU.
    pub cpu_percent: f64,
    /// From the closed gate of the twin until its line is DOWN.
    pub claim: Spread,
    /// The same of the main line.
    pub close: Spread,
    /// From the open gates until both lines are UP.
    pub open: Spread,
}

pub fn measure(quick: bool) -> Vec<Checks> {
    let times = if quick { 3 } else { TIMES };
    GRID.iter().map(|checks| of(*checks, times)).collect()
}

fn of((main, twin, a_second): (&'static str, Option<&'static str>, f64), times: usize) -> Checks {
    eprintln!(
        "checks: {main}{}",
        twin.map_or(String::new(), |twin| format!(", twins {twin}"))
    );
    let fleet = Fleet::quick("bench", |reference| {
        let reference = reference.with(QUICK, main);
        match twin {
            Some(twin) => reference.with(" backup\n", &format!(" backup {twin}\n")),
            None => reference,
        }
    });
    let cpu_percent = cost(&fleet, main, twin.unwrap_or(main));
    let reports: Vec<[Report; 2]> = (0..times).map(|nth| leave(&fleet, nth)).collect();
    let phase = |verb: usize, name: &str| {
        let seconds = |both: &[Report; 2]| both[verb].ended(name) - both[verb].began(name);
        Spread::of(reports.iter().map(seconds))
    };
    Checks {
        main,
        twin,
        a_second,
        cpu_percent,
        claim: phase(0, "claim"),
        close: phase(0, "close"),
        open: phase(1, "open"),
    }
}

/// HAProxy's CPU time for the checks of 100 hosts at rest, in percent of one CPU. All are one app,
/// behind a HAProxy of their own.
fn cost(fleet: &Fleet, main: &str, twin: &str) -> f64 {
    let dir = fleet.site.dir.join("load");
    let at = format!("{}:1000", fleet.host(1).address());
    let host = |n| format!(" server w{n} {at} {main}\n server t{n} {at} {twin} backup\n");
    let lines: String = (0..HOSTS).map(host).collect();
    let text = format!(
        "global\n stats socket {}/user.sock mode 660 level user\n\
         defaults\n mode http\n timeout connect 2s\n timeout client 60s\n timeout server 60s\n\
         backend load\n option httpchk GET /healthz\n default-server check fall 2 rise 2\n{lines}",
        dir.display()
    );
    let haproxy = Haproxy::start(&fleet.site.balancer, &dir, &Reference::of(text));
    haproxy.wait_until_all_up();
    thread::sleep(SETTLED);
    let worker = haproxy.worker();
    let (before, began) = (cpu_time(&worker), Instant::now());
    thread::sleep(REST);
    (cpu_time(&worker) - before).as_secs_f64() / began.elapsed().as_secs_f64() * 100.0
}

/// One host leaves, and comes back. The pause before it differs, so that the checks are at another
/// moment of their interval each time.
fn leave(fleet: &Fleet, nth: usize) -> [Report; 2] {
    let agent = fleet.agent(NUMBERS[nth % NUMBERS.len()], |settings| settings);
    [("close", 370, 1000), ("open", 70, 250)].map(|(verb, step, interval)| {
        thread::sleep(Duration::from_millis(nth as u64 * step % interval));
        agent.run(verb, "web").expect_exit(0).report()
    })
}
