//! Ways to a new version on one of three hosts: a switch by the agent, its way back, a restart in
//! place, and "start the new one, wait, swap" by HAProxy's admin socket. The floor is a switch by
//! iptables alone.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::spread::Spread;
use lab::agent::Agent;
use lab::reference::Reference;
use lab::release::Release;
use lab::settings::Settings;
use lab::targets::{BLUE, FLOOR, Farm, GREEN, Lines};
use lab::wait_for;

/// The promises, with an app that starts in 1 s.
const SWITCH: Option<f64> = Some(3.0);
const BACK: Option<f64> = Some(1.6);

const START: Duration = Duration::from_secs(1);

/// The traffic before and after: some effects come late.
const AROUND: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize)]
pub struct Way {
    pub how: &'static str,
    /// HAProxy's checks.
    pub checks: &'static str,
    /// At most so many seconds.
    pub aim: Option<f64>,
    pub times: usize,
    /// Until the old version has ended, or is warm.
    pub seconds: Spread,
    pub requests: usize,
    /// Requests a second.
    pub rate: f64,
    pub failed: usize,
    pub slowest_ms: f64,
    /// Sticky users who got another cookie.
    pub moved: usize,
    /// econ + eresp + wretr + wredis of all server lines.
    pub trouble: u64,
}

pub fn measure(agent: &Path, quick: bool) -> Vec<Way> {
    let times = if quick { 2 } else { 5 };
    let mut ways = by_agent(agent, times);
    ways.push(by_hand(times));
    ways.push(by_admin_socket(times));
    ways
}

fn lines() -> Lines {
    Lines::without_twins().checks(FLOOR)
}

fn by_agent(program: &Path, times: usize) -> Vec<Way> {
    let farm = Farm::open("bench", 3, lines());
    let agent = |keep: &str| {
        let settings = |settings: Settings| settings.set("app.web.keep", keep);
        farm.agent(1, settings).installed_at(program)
    };
    let run = |agent: &Agent, words: &[&str]| agent.words(words).expect_exit(0).report().seconds;
    let switch = way("agent switch", &farm, times, || {
        run(&agent("0s"), &["switch", "web", "--json"])
    });
    let back = way("agent switch --back", &farm, times, || {
        let warm = agent("10m");
        run(&warm, &["switch", "web", "--json"]);
        run(&warm, &["switch", "web", "--back", "--json"])
    });
    let restart = way("agent restart", &farm, times, || {
        run(&agent("0s"), &["restart", "web", "--json"])
    });
    let (switch, back) = (
        Way {
            aim: SWITCH,
            ..switch
        },
        Way { aim: BACK, ..back },
    );
    vec![switch, back, restart]
}

fn by_hand(times: usize) -> Way {
    let farm = Farm::start("bench", 3, lines());
    farm.open_by_hand(BLUE);
    let mut ways = there_and_back();
    way("by iptables, the floor", &farm, times, || {
        let (from, to) = ways.next().expect("a way");
        let started = Instant::now();
        farm.switch_by_hand(1, from, to);
        started.elapsed().as_secs_f64()
    })
}

fn by_admin_socket(times: usize) -> Way {
    let farm = Farm::with(Release::Installed, "bench", 3, lines(), ordinary);
    farm.haproxy.wait_until("the running ones are UP", |lines| {
        let mut blue = lines
            .iter()
            .filter(|line| line.get("svname").ends_with(BLUE));
        blue.all(|line| line.status() == "UP")
    });
    let mut ways = there_and_back();
    way("by the admin socket", &farm, times, || {
        let (from, to) = ways.next().expect("a way");
        let started = Instant::now();
        swap(&farm, from, to);
        started.elapsed().as_secs_f64()
    })
}

/// The servers are checked at the app itself; those of green begin in MAINT.
fn ordinary(reference: Reference) -> Reference {
    let kept = reference
        .text()
        .lines()
        .filter(|line| !line.ends_with(" backup"));
    let lines = kept.map(|line| match line.trim_start().starts_with("server ") {
        false => format!("{line}\n"),
        true => {
            let (server, _) = line.split_once(" port ").expect("a status port");
            let disabled = if line.contains(GREEN) {
                " disabled"
            } else {
                ""
            };
            format!("{server}{disabled}\n")
        }
    });
    Reference::of(lines.collect()).for_operators()
}

/// Starts the new one, waits until it answers, swaps, waits for the requests in flight, and stops the
/// old one.
fn swap(farm: &Farm, from: &str, to: &str) {
    let (old, new) = (farm.target(1, from), farm.target(1, to));
    let namespace = &farm.host(1).namespace;
    new.start(namespace, START);
    farm.haproxy
        .operate(&format!("set server srvs/web1-{to} state ready"));
    farm.haproxy.wait_until("the new one is UP", |lines| {
        let mut lines = lines.iter();
        lines.any(|line| line.get("svname") == format!("web1-{to}") && line.status() == "UP")
    });
    farm.haproxy
        .operate(&format!("set server srvs/web1-{from} state maint"));
    wait_for("no request in flight", Duration::from_secs(20), || {
        let line = farm.haproxy.server(&format!("web1-{from}"));
        (line.number("scur") == 0).then_some(())
    });
    old.stop(namespace);
}

fn there_and_back() -> impl Iterator<Item = (&'static str, &'static str)> {
    [(BLUE, GREEN), (GREEN, BLUE)].into_iter().cycle()
}

/// The act returns its seconds.
fn way(how: &'static str, farm: &Farm, times: usize, mut act: impl FnMut() -> f64) -> Way {
    eprintln!("{how}, {times} times");
    let (before, traffic) = (farm.haproxy.trouble(), farm.full_traffic());
    thread::sleep(AROUND);
    let seconds: Vec<f64> = (0..times).map(|_| act()).collect();
    thread::sleep(AROUND);
    let met = traffic.stop();
    Way {
        how,
        checks: FLOOR,
        aim: None,
        times,
        seconds: Spread::of(seconds),
        requests: met.requests,
        rate: met.rate,
        failed: met.failed,
        slowest_ms: met.slowest_ms,
        moved: met.moved,
        trouble: farm.haproxy.trouble() - before,
    }
}
