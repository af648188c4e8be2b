//! `--dry-run`: the operation as it would go, with the rules and lines that were found.

use super::progress::describe;
use super::report::BalancerReport;
use crate::config::AppSettings;
use crate::restart::{Limits, Phase, Verb};
use crate::survey::Survey;

/// The plan, line by line.
pub(super) fn steps(
    verb: Verb,
    app: &AppSettings,
    limits: &Limits,
    survey: &Survey,
) -> Vec<String> {
    let mut lines = found(app, survey);
    for (number, phase) in phases(verb, limits).iter().enumerate() {
        let limit = humantime::format_duration(phase.limit(limits));
        let text = describe(phase, limits, &app.restart);
        lines.push(format!(
            "{}. {:8} {text}, at most {limit}",
            number + 1,
            phase.name()
        ));
        lines.extend(
            calls(verb, phase, limits, survey)
                .iter()
                .map(|call| format!("            {call}")),
        );
    }
    lines
}

/// The gates, lines and other servers there are.
pub(super) fn found(app: &AppSettings, survey: &Survey) -> Vec<String> {
    let mut lines = Vec::new();
    for ((gate, _), position) in survey.listeners.iter().zip(survey.positions()) {
        lines.push(format!("{}: {gate} is {position}", app.name));
    }
    for balancer in BalancerReport::of_survey(survey) {
        let version = balancer
            .version
            .map_or(String::new(), |version| format!(" (HAProxy {version})"));
        lines.push(format!("{}: {}{version}", app.name, balancer.name));
        lines.extend(balancer.error.iter().map(|error| format!("    {error}")));
        for line in &balancer.lines {
            let role = serde_json::json!(line.role);
            let role = role.as_str().unwrap_or_default().replace('_', " ");
            let proven = if line.proven { ", fully proven" } else { "" };
            let in_flight = line.in_flight;
            lines.push(format!(
                "    {} ({role}) {}{proven}, {in_flight} in flight",
                line.name, line.status
            ));
        }
    }
    for balancer in &survey.balancers {
        for others in balancer.facts.iter().flat_map(|facts| &facts.others) {
            let (backend, usable, floor) = (&others.backend, others.usable, app.min_available);
            lines.push(format!(
                "    backend {backend}: other usable servers {usable}, min_available {floor}"
            ));
        }
    }
    lines
}

fn phases(verb: Verb, limits: &Limits) -> Vec<Phase> {
    let sticky = (!limits.sticky.is_zero()).then_some(Phase::Sticky {
        sessions: 0,
        busy_at: limits.sticky,
    });
    let shed = limits.two_stage.then_some(Phase::Shed);
    let out = [
        Some(Phase::Close),
        sticky,
        shed,
        Some(Phase::Drain { zeros: 0 }),
    ];
    let back = [Phase::Healthy { streak: 0 }, Phase::Open];
    match verb {
        Verb::Restart => out
            .into_iter()
            .flatten()
            .chain([Phase::Restart])
            .chain(back)
            .collect(),
        Verb::Close => out.into_iter().flatten().collect(),
        Verb::Open => back.into(),
    }
}

/// The iptables calls of a phase, each gate's where it is moved first.
fn calls(verb: Verb, phase: &Phase, limits: &Limits, survey: &Survey) -> Vec<String> {
    let Ok(view) = &survey.rules else {
        return Vec::new();
    };
    let gates = survey.listeners.iter().map(|(gate, _)| gate);
    let sticky = !limits.sticky.is_zero();
    match phase {
        Phase::Close if sticky => gates
            .take(1)
            .flat_map(|gate| view.plan(gate, false))
            .collect(),
        Phase::Close => gates.flat_map(|gate| view.plan(gate, false)).collect(),
        Phase::Shed if sticky => gates
            .skip(1)
            .flat_map(|gate| view.plan(gate, false))
            .collect(),
        Phase::Open if verb == Verb::Open => gates.flat_map(|gate| view.plan(gate, true)).collect(),
        Phase::Open => gates.flat_map(|gate| view.reopening(gate)).collect(),
        _ => Vec::new(),
    }
}
