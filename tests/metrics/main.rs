//! What Prometheus gets, and over which wire: the text as snapshots, and real scrapes. And what it makes
//! of that: the alert rules.

mod alerts;
mod listener;
mod scrape;
mod server;
mod text;

use haproxy_gate::haproxy::Role;
use haproxy_gate::metrics::{AppView, BalancerView, TargetView};
use haproxy_gate::restart::PhaseTime;
use haproxy_gate::state::counters::{Counters, Done};
use haproxy_gate::state::target::Intent;
use std::path::Path;

/// One app in two stages behind two balancers. One balancer does not answer.
fn view() -> AppView {
    let up = |line: &str, up| (line.to_owned(), up);
    let balancer = |name: &str, lines| BalancerView {
        name: name.to_owned(),
        lines,
    };
    AppView {
        app: "web".to_owned(),
        gates: vec![(Role::Main, Some(true)), (Role::Twin, Some(false))],
        healthy: Some(true),
        hold: None,
        maintenance: Some(false),
        readonly: Some(true),
        unfinished: false,
        balancers: vec![
            balancer(
                "tcp://10.0.0.1:9999",
                Some(vec![up("srvs/web1", true), up("srvs/bkp1", false)]),
            ),
            balancer("/run/haproxy/admin.sock", None),
        ],
        targets: TargetView::all(&["blue", "green"], &ready()),
    }
}

/// Green is current, and blue is ready.
fn ready() -> Intent {
    Intent {
        current: "green".to_owned(),
        since_unix_s: 1_795_248_000,
        ready: Some("blue".to_owned()),
        ready_until_unix_s: Some(1_795_248_600),
        ready_failed: false,
    }
}

/// Two restarts of `web`, one of which found the app sick, and a repair.
fn count(state_dir: &Path) {
    let phases = [
        ("preflight", 0.07),
        ("close", 0.26),
        ("drain", 0.03),
        ("restart", 12.5),
        ("healthy", 130.0),
    ];
    let phases = phases.map(|(phase, seconds)| PhaseTime {
        phase,
        start: 0.0,
        seconds,
        acting: 0.0,
        waited_for: Vec::new(),
        output: Vec::new(),
    });
    let ended = [
        ("restarted", 0, 1_795_248_000.25),
        ("not_healthy", 15, 1_795_249_000.0),
    ];
    for (outcome, exit, ended) in ended {
        let done = Done {
            verb: "restart",
            outcome,
            exit,
            phases: &phases,
            ended,
        };
        Counters::add(state_dir, "web", &done).unwrap();
    }
    Counters::repaired(state_dir, "web").unwrap();
}
