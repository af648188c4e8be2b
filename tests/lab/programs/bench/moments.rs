//! The moments of one restart, and the owner of the time between two of them: the floor, which
//! HAProxy's checks, the requests in flight and the app need by themselves, or the agent.

use lab::monitor::Monitor;
use lab::process::Line;
use lab::report::Report;

/// Two programs log moments of which one causes the other: their times may differ by this much.
const CLOCKS: f64 = 0.02;

/// In Unix seconds.
pub struct Moments {
    /// The start of the command.
    pub began: f64,
    pub twin_closed: f64,
    pub twin_down: f64,
    pub main_closed: f64,
    pub main_down: f64,
    /// The last answer on a line of this host.
    pub last_request: f64,
    /// The app received the signal.
    pub stopped: f64,
    /// The app listens again.
    pub listens: f64,
    /// The agent opened the later gate.
    pub opened: f64,
    /// HAProxy logged the later line UP.
    pub up: f64,
    /// The end of the command.
    pub ended: f64,
}

/// The time between two moments.
pub struct Part {
    pub name: &'static str,
    pub seconds: f64,
}

pub struct Parts {
    pub floor: Vec<Part>,
    pub agent: Vec<Part>,
}

impl Moments {
    /// Nothing is in flight, and no line gets new users.
    fn quiet(&self) -> f64 {
        self.main_down.max(self.last_request)
    }

    pub fn parts(&self, report: &Report) -> Parts {
        let quiet = self.quiet();
        let part = |name, from: f64, to: f64| Part {
            name,
            seconds: to - from,
        };
        // The time of the agent to notice an event, and to act on it.
        let [claims, closes, touches, opens] =
            ["claim", "close", "restart", "open"].map(|phase| report.began(phase));
        let early = self.listens - opens;
        assert!(
            early < CLOCKS,
            "opened {early:.3} s before the app listened"
        );
        Parts {
            floor: vec![
                part(
                    "HAProxy sees the twin's gate closed",
                    self.twin_closed,
                    self.twin_down,
                ),
                part(
                    "HAProxy sees the main gate closed",
                    self.main_closed,
                    self.main_down,
                ),
                part("the requests in flight end", self.main_down, quiet),
                part("the app stops and starts", self.stopped, self.listens),
                part("HAProxy sees both gates open", self.opened, self.up),
            ],
            agent: vec![
                part("start, and the preflight", self.began, claims),
                part("closing the twin's gate", claims, self.twin_closed),
                part("seeing the twin DOWN", self.twin_down, closes),
                part("closing the main gate", closes, self.main_closed),
                part("seeing it DOWN, and drained", quiet, touches),
                part("signalling the app", touches, self.stopped),
                part("seeing the app healthy", self.listens, opens),
                part("opening both gates", opens, self.opened),
                part("seeing both lines UP", self.up, report.ended("open")),
                part(
                    "the last look, and the end",
                    report.ended("open"),
                    self.ended,
                ),
            ],
        }
    }
}

impl Parts {
    pub fn floor(&self) -> f64 {
        sum(&self.floor)
    }

    /// The wait for the twin, which announces to other hosts that this one is about to go.
    pub fn claim(&self) -> f64 {
        self.floor[0].seconds
    }

    pub fn share(&self) -> f64 {
        sum(&self.agent)
    }
}

fn sum(parts: &[Part]) -> f64 {
    parts.iter().map(|part| part.seconds).sum()
}

/// The last time at which the kernel reported the gate of this port, closed or opened.
pub fn gate(moved: &[Line], port: u16) -> f64 {
    last(moved, &format!("--dport {port} "))
}

/// The time at which both gates were open.
pub fn both_open(monitor: &Monitor, from: f64) -> f64 {
    let put = monitor.put(from);
    gate(&put, 2000).max(gate(&put, 3000))
}

/// The time of the last line with this text.
pub fn last(lines: &[Line], part: &str) -> f64 {
    let found = lines.iter().rfind(|line| line.text.contains(part));
    found
        .unwrap_or_else(|| panic!("no {part:?} in {lines:#?}"))
        .at
}
