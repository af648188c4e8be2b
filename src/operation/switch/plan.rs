//! `--dry-run` of a switch: its steps, with the rules and server lines that the look found.

use super::looks::Seen;
use super::pair::Pair;
use crate::host::TwoHosts;
use crate::operation::describe::describe;
use crate::operation::plan::found;
use crate::restart::switch::SwitchPhase;
use crate::restart::{Limits, Phase, Start};

/// The plan, line by line.
pub(super) fn steps(
    two: &TwoHosts,
    pair: &Pair,
    start: &Start,
    limits: &Limits,
    seen: &Seen,
) -> Vec<String> {
    let mut lines = found(&pair.from, &seen.old);
    lines.extend(found(&pair.to, &seen.new));
    let lock = limits.lock.map(|_| Phase::Lock);
    let phases = match &start.phase {
        Phase::Switch(first) => {
            let ahead = first.ahead(limits).into_iter();
            let ahead = ahead.filter(|phase| !is_empty(phase, pair));
            ahead.map(Phase::Switch).collect()
        }
        phase => vec![phase.clone()],
    };
    let phases: Vec<Phase> = lock.into_iter().chain(phases).collect();
    for (number, phase) in phases.iter().enumerate() {
        let limit = humantime::format_duration(phase.limit(limits));
        let text = describe(phase, limits, &pair.to);
        lines.push(format!(
            "{}. {:8} {text} (limit {limit})",
            number + 1,
            phase.name()
        ));
        lines.extend(detail(two, pair, phase).map(|detail| format!("            {detail}")));
    }
    lines
}

/// The port of the page is never parked: its server runs also at rest.
fn is_empty(phase: &SwitchPhase, pair: &Pair) -> bool {
    *phase == SwitchPhase::Unpark && pair.to.is_page()
}

/// The command of a phase.
fn detail(two: &TwoHosts, pair: &Pair, phase: &Phase) -> Option<String> {
    match phase {
        Phase::Switch(SwitchPhase::Prepare) => Some(two.prepare.as_ref()?.to_string()),
        Phase::Switch(SwitchPhase::Start) => Some(pair.to.run.as_ref()?.shown_start()),
        Phase::Switch(SwitchPhase::Stop { back: None }) => {
            Some(pair.from.run.as_ref()?.shown_stop())
        }
        _ => None,
    }
}
