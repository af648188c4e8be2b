//! Counts HAProxy's checks as they come through open gates, all apps' at once.

use super::one::role;
use crate::doctor::{AppFacts, rhythm};
use crate::gate::{Firewall, Gate, Position};
use crate::haproxy::Checked;
use std::time::{Duration, Instant};

/// At most.
const WATCHED: Duration = Duration::from_secs(6);
/// Between two looks: two calls of iptables, a few milliseconds.
const PACE: Duration = Duration::from_millis(50);

/// Fills in what was counted.
pub async fn checks(firewall: &Firewall, apps: &mut [AppFacts], tell: &dyn Fn(&str)) {
    for app in apps.iter_mut() {
        app.counted = counted(app);
    }
    let mut watched: Vec<(Gate, usize)> = Vec::new();
    for app in apps.iter() {
        let open = of_gates(app).filter(|(_, position)| **position == Position::Open);
        for (gate, _) in open {
            let of_gate = |one: &&rhythm::Counted| one.status_port == gate.status_port;
            let lines = app.counted.iter().find(of_gate).map_or(0, |one| one.lines);
            watched.extend((lines > 0).then(|| (gate.clone(), lines)));
        }
    }
    if watched.is_empty() {
        return;
    }
    let seconds = WATCHED.as_secs();
    tell(&format!(
        "counting HAProxy's checks, for at most {seconds} s (not with --quick)"
    ));
    let counts = watch(firewall, &watched).await;
    for one in apps.iter_mut().flat_map(|app| &mut app.counted) {
        let at = watched
            .iter()
            .position(|(gate, _)| gate.status_port == one.status_port);
        if let Some(at) = at {
            one.counts = counts
                .as_ref()
                .map(|counts| counts[at].clone())
                .map_err(String::clone);
        }
    }
}

type Counts = Vec<(Duration, u64)>;

async fn watch(firewall: &Firewall, watched: &[(Gate, usize)]) -> Result<Vec<Counts>, String> {
    let gates: Vec<Gate> = watched.iter().map(|(gate, _)| gate.clone()).collect();
    let mut all: Vec<Counts> = vec![Vec::new(); gates.len()];
    let began = Instant::now();
    loop {
        let led = firewall
            .led(&gates)
            .await
            .map_err(|error| error.to_string())?;
        // What came while iptables was waited for is in what it listed.
        let at = began.elapsed();
        for (counts, led) in all.iter_mut().zip(led) {
            counts.push((at, led));
        }
        let mut both = all.iter().zip(watched);
        if at > WATCHED || both.all(|(counts, (_, lines))| rhythm::is_enough(counts, *lines)) {
            return Ok(all);
        }
        tokio::time::sleep(PACE).await;
    }
}

fn of_gates(app: &AppFacts) -> impl Iterator<Item = (&Gate, &Position)> {
    let gates = app.gates.iter().flat_map(|gates| &gates.gates);
    gates.map(|seen| (&seen.gate, &seen.position))
}

/// Not counted yet.
fn counted(app: &AppFacts) -> Vec<rhythm::Counted> {
    let limits = &app.settings.limits;
    let one = |(gate, position): (&Gate, &Position)| {
        let checks = checks_of(app, gate);
        rhythm::Counted {
            app: app.settings.name.clone(),
            status_port: gate.status_port,
            counts: Err(format!("its gate is {position}, and counts nothing")),
            lines: checks.len(),
            rise: checks.iter().map(|check| check.rise).max().unwrap_or(0),
            fall: checks.iter().map(|check| check.fall).max().unwrap_or(0),
            out_of_rotation: limits.out_of_rotation,
            in_rotation: limits.in_rotation,
        }
    };
    of_gates(app).map(one).collect()
}

/// Those of the lines that ask this gate's port.
fn checks_of<'a>(app: &'a AppFacts, gate: &Gate) -> Vec<&'a Checked> {
    let mut checks = Vec::new();
    for seen in app
        .balancers
        .iter()
        .filter_map(|balancer| balancer.seen.as_ref().ok())
    {
        let own = seen.own().iter().filter(|own| own.role == role(gate));
        // No operator's MAINT is among them: there HAProxy checks nothing.
        let listed = own.filter_map(|own| seen.listed(own));
        let asking = listed.filter(|listed| !listed.stat.status.is_maint());
        checks.extend(asking.filter_map(|listed| listed.check.as_ref()));
    }
    checks
}
