//! `--dry-run`: the operation's steps, with the rules and server lines that the look found.

use super::describe;
use crate::config::AppSettings;
use crate::haproxy::{BalancerObservation, ServerLine};
use crate::host::Snapshot;
use crate::restart::{Limits, Phase, Start, Verb};

/// The plan, line by line.
pub(super) fn steps(
    start: &Start,
    app: &AppSettings,
    limits: &Limits,
    snapshot: &Snapshot,
) -> Vec<String> {
    let mut lines = found(app, snapshot);
    for (number, phase) in phases(start, limits).iter().enumerate() {
        let limit = humantime::format_duration(phase.limit(limits));
        let text = describe(phase, limits, app);
        lines.push(format!(
            "{}. {:8} {text} (limit {limit})",
            number + 1,
            phase.name()
        ));
        if let (Phase::Upgrade, Some(rollback)) = (phase, &app.rollback) {
            let back = format!("if the app does not come up: {rollback}, then restart");
            lines.push(format!("            {back}"));
        }
        lines.extend(
            calls(start, phase, limits, snapshot)
                .iter()
                .map(|call| format!("            {call}")),
        );
    }
    lines
}

/// The gates, lines and other servers there are.
pub fn found(app: &AppSettings, snapshot: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    for (gate, position) in snapshot.gates().into_iter().zip(snapshot.positions()) {
        lines.push(format!("{}: {gate} is {position}", app.label()));
    }
    for balancer in &snapshot.balancers {
        lines.extend(of_balancer(app, balancer));
    }
    lines
}

fn of_balancer(app: &AppSettings, balancer: &BalancerObservation) -> Vec<String> {
    let worker = balancer.worker.iter();
    let version = worker.map(|worker| format!(" (HAProxy {})", worker.version));
    let head = format!(
        "{}: {}{}",
        app.label(),
        balancer.name,
        version.collect::<String>()
    );
    let why = balancer.answer.as_ref().err().map(ToString::to_string);
    let lines = balancer.lines().iter().map(shown);
    let floor = app.limits.min_available;
    let backends = balancer.backends().iter().map(|capacity| {
        let (backend, usable, going) = (&capacity.backend, capacity.usable, capacity.going());
        let floor = capacity.described(floor);
        format!("backend {backend}: other usable servers {usable}{going}, min_available {floor}")
    });
    let rest = why.into_iter().chain(lines).chain(backends);
    let rest = rest.map(|line| format!("    {line}"));
    [head].into_iter().chain(rest).collect()
}

fn shown(line: &ServerLine) -> String {
    let role = line.role.word();
    let proven = if line.proven { ", fully proven" } else { "" };
    format!(
        "{} ({role}) {}{proven}, {}",
        line.name,
        line.status,
        line.mode.in_flight(line.in_flight)
    )
}

/// The phases from the first to the last, if all succeed.
fn phases(start: &Start, limits: &Limits) -> Vec<Phase> {
    let sticky = (!limits.sticky.is_zero()).then_some(Phase::Sticky {
        sessions: 0,
        busy_at: limits.sticky,
    });
    let claim = limits.claims().then_some(Phase::Claim);
    let shed = (limits.two_stage && !limits.claims()).then_some(Phase::Shed);
    let floor = (limits.checks_capacity() && !limits.serving.is_empty()).then_some(Phase::Floor);
    let drain = Some(Phase::Drain { zeros: 0 });
    let turn = matches!(start.phase, Phase::BackOff { .. }).then(|| start.phase.clone());
    let lock = (start.phase == Phase::Lock).then_some(Phase::Lock);
    // The twin goes together with the main line.
    let (claim, shed) = match by_lock(limits) {
        true => (None, Some(Phase::Shed)),
        false => (claim, shed),
    };
    let out = [
        lock,
        turn,
        claim,
        Some(Phase::Close),
        floor,
        sticky,
        shed,
        drain,
    ];
    let out = out.into_iter().flatten();
    let open = (!limits.stays_closed).then_some(Phase::Open);
    let watches = start.verb == Verb::Restart && limits.settle.is_some();
    let settle = (watches && !limits.stays_closed).then_some(Phase::Settle);
    let back = [Some(Phase::Healthy { streak: 0 }), open, settle]
        .into_iter()
        .flatten();
    match (&start.phase, start.verb) {
        (phase, Verb::Close | Verb::Stop) if goes_out(phase) => out.collect(),
        (phase, _) if goes_out(phase) => out.chain(touches(limits)).chain(back).collect(),
        (Phase::Healthy { .. }, _) => back.collect(),
        (Phase::Open, _) => back.skip(1).collect(),
        (Phase::Switch(first), _) => first.ahead(limits).into_iter().map(Phase::Switch).collect(),
        (phase, _) => vec![phase.clone()],
    }
}

fn touches(limits: &Limits) -> impl Iterator<Item = Phase> {
    let upgrade = limits.upgrades.then_some(Phase::Upgrade);
    upgrade.into_iter().chain([Phase::Restart])
}

/// Not by the claim, nor by one after the other.
fn by_lock(limits: &Limits) -> bool {
    limits.closes_both_by_lock() && limits.lock.is_some_and(|lock| !lock.is_out)
}

fn goes_out(phase: &Phase) -> bool {
    phase.closes() || matches!(phase, Phase::BackOff { .. } | Phase::Lock)
}

/// The iptables calls of a phase, each gate's in the phase that moves it first.
fn calls(start: &Start, phase: &Phase, limits: &Limits, snapshot: &Snapshot) -> Vec<String> {
    let Ok(view) = &snapshot.rules else {
        return Vec::new();
    };
    let gates = snapshot.gates();
    let all = gates.into_iter();
    let later = !limits.closes_both() && !by_lock(limits);
    match phase {
        Phase::Close if later => view.plan(gates.main, false),
        Phase::Close => all.flat_map(|gate| view.plan(gate, false)).collect(),
        Phase::Claim | Phase::Shed if later => {
            let twin = gates.twin.into_iter();
            twin.flat_map(|gate| view.plan(gate, false)).collect()
        }
        Phase::Open if !goes_out(&start.phase) => {
            all.flat_map(|gate| view.plan(gate, true)).collect()
        }
        Phase::Open => all.flat_map(|gate| view.reopening(gate)).collect(),
        _ => Vec::new(),
    }
}
