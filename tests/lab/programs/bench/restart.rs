//! Restarts under traffic in parts: the floor of the set-up, and the agent's own share.

use std::path::Path;
use std::process::Command;

use serde::Serialize;

use crate::log;
use crate::moments::{self, Moments, Part, Parts};
use crate::rolls::CHECKS;
use crate::spread::Spread;
use lab::agent::{Ended, Running};
use lab::fleet::{Fleet, Layout};
use lab::heard::Heard;
use lab::monitor::Monitor;
use lab::namespace;
use lab::now;
use lab::process::Line;

/// The limit for the whole operation, in floors.
const AIM: f64 = 1.03;

#[derive(Debug, Serialize)]
pub struct Restarts {
    pub times: usize,
    pub checks: &'static str,
    /// Seconds from the start of `agent restart` to its end.
    pub whole: Spread,
    /// The part in which HAProxy's checks, the requests in flight and the app take their time, in
    /// seconds.
    pub floor: Spread,
    /// The agent's own part, in seconds.
    pub share: Spread,
    /// The whole in floors.
    pub ratio: Spread,
    /// The same with a floor that does not contain the wait for the claim. A tool that closes both
    /// gates at once has no such wait, but with it two hosts may be out at the same moment.
    pub ratio_without_claim: Spread,
    pub aim: f64,
    pub met: bool,
    pub floor_parts: Vec<Named>,
    /// The biggest first.
    pub agent_parts: Vec<Named>,
}

#[derive(Debug, Serialize)]
pub struct Named {
    pub name: &'static str,
    pub seconds: Spread,
}

pub fn measure(agent: &Path, quick: bool) -> Restarts {
    let times = if quick { 3 } else { 9 };
    let fleet = Fleet::with("bench", Layout::TwoStage, |reference| {
        log::with_log(reference.with(CHECKS.0, CHECKS.1))
    });
    fleet.open_gates();
    let log = log::hear(&fleet.site.balancer);
    let monitors = [1, 2, 3].map(|number| Monitor::start(fleet.host(number)));
    let traffic = fleet.full_traffic();
    let all: Vec<Parts> = (0..times)
        .map(|nth| {
            eprintln!("restart {} of {times}", nth + 1);
            let number = nth % monitors.len() + 1;
            restart(&fleet, number, (&monitors[number - 1], &log), agent)
        })
        .collect();
    traffic.stop();
    summed_up(&all)
}

fn restart(
    fleet: &Fleet,
    number: usize,
    (monitor, log): (&Monitor, &Heard),
    agent: &Path,
) -> Parts {
    let (host, app) = (fleet.host(number), fleet.app(number));
    let before = app.boots().pop().expect("a boot");
    let configured = fleet.agent(number, |settings| settings);
    let began = now();
    // Without the programs that enter a namespace: they are no part of the agent.
    let ended: Ended = namespace::inside(&host.namespace.path(), || {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(agent);
        configured.asked(&mut command, &["restart", "web", "--json"]);
        Running::start("agent", &mut command).wait()
    })
    .expect("a namespace");
    let ended = ended.expect_exit(0);
    let (report, heard) = (ended.report(), log.since(began));
    let word = |line: &str, word: &str| {
        moments::last(&heard, &format!("Server srvs/{line}{number} is {word}"))
    };
    let stopped = app.stopped(&before).expect("a stop");
    let taken = monitor.taken(began);
    let moments = Moments {
        began,
        twin_closed: moments::gate(&taken, 3000),
        twin_down: word("bkp", "DOWN"),
        main_closed: moments::gate(&taken, 2000),
        main_down: word("web", "DOWN"),
        last_request: last_request(&heard, number, stopped).unwrap_or(began),
        stopped,
        listens: app.warm().expect("a warm app"),
        opened: moments::both_open(monitor, began),
        up: word("bkp", "UP").max(word("web", "UP")),
        ended: ended.at,
    };
    moments.parts(&report)
}

/// The last answer before the stop, on either line of a host.
fn last_request(heard: &[Line], number: usize, stopped: f64) -> Option<f64> {
    let lines = [format!(" srvs/web{number} "), format!(" srvs/bkp{number} ")];
    let ours = |text: &str| lines.iter().any(|line| text.contains(line));
    let before = heard.iter().rev().filter(|line| line.at <= stopped);
    let mut requests = before.filter(|line| ours(&line.text));
    requests.next().map(|line| line.at)
}

fn summed_up(all: &[Parts]) -> Restarts {
    let spread = |figure: &dyn Fn(&Parts) -> f64| Spread::of(all.iter().map(figure));
    let ratio = spread(&|parts| (parts.floor() + parts.share()) / parts.floor());
    let ratio_without_claim =
        spread(&|parts| (parts.floor() + parts.share()) / (parts.floor() - parts.claim()));
    let mut agent_parts = named(all, |parts| &parts.agent);
    agent_parts.sort_by(|one, other| other.seconds.median.total_cmp(&one.seconds.median));
    Restarts {
        times: all.len(),
        checks: CHECKS.1,
        whole: spread(&|parts| parts.floor() + parts.share()),
        floor: spread(&Parts::floor),
        share: spread(&Parts::share),
        ratio,
        ratio_without_claim,
        aim: AIM,
        met: ratio.median <= AIM,
        floor_parts: named(all, |parts| &parts.floor),
        agent_parts,
    }
}

fn named(all: &[Parts], which: impl Fn(&Parts) -> &Vec<Part>) -> Vec<Named> {
    let first = which(&all[0]).iter().enumerate();
    let named = first.map(|(place, part)| Named {
        name: part.name,
        seconds: Spread::of(all.iter().map(|parts| which(parts)[place].seconds)),
    });
    named.collect()
}
