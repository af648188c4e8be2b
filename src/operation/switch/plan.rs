//! `--dry-run` of a switch: its steps, with the rules and server lines that the look found.

use super::looks::Seen;
use super::pair::Pair;
use crate::host::TwoHosts;
use crate::operation::describe::describe;
use crate::operation::plan::found;
use crate::restart::switch::{How, SwitchPhase};
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
    for (number, phase) in phases(start, limits).iter().enumerate() {
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

/// The phases from the first to the last, if all succeed.
fn phases(start: &Start, limits: &Limits) -> Vec<Phase> {
    let switch = &limits.switch;
    let Phase::Switch(first) = &start.phase else {
        return vec![start.phase.clone()];
    };
    let starts = switch.how == How::Start;
    let sticky = !limits.sticky.is_zero();
    let all = [
        (switch.prepares, SwitchPhase::Prepare),
        (starts, SwitchPhase::Start),
        (true, SwitchPhase::Healthy { streak: 0 }),
        (starts && switch.verifies, SwitchPhase::Verify),
        (true, SwitchPhase::Unpark),
        (true, SwitchPhase::Join),
        (true, SwitchPhase::Leave),
        (sticky, first_sticky(limits)),
        (sticky, SwitchPhase::Shed),
        (true, SwitchPhase::Drain { zeros: 0 }),
        (
            limits.settle.is_some() && switch.how != How::Finish,
            settle(),
        ),
        (true, park()),
        (!switch.keeps, SwitchPhase::Stop { back: None }),
    ];
    let from_first = all.into_iter().skip_while(|(_, phase)| phase != first);
    let phases = from_first.filter(|(done, _)| *done);
    let phases: Vec<Phase> = phases.map(|(_, phase)| Phase::Switch(phase)).collect();
    match phases.is_empty() {
        // On the way back.
        true => vec![start.phase.clone()],
        false => phases,
    }
}

fn first_sticky(limits: &Limits) -> SwitchPhase {
    SwitchPhase::Sticky {
        sessions: 0,
        busy_at: limits.sticky,
    }
}

fn settle() -> SwitchPhase {
    SwitchPhase::Settle {
        undrained: Vec::new(),
    }
}

fn park() -> SwitchPhase {
    SwitchPhase::Park {
        zeros: 0,
        back: None,
    }
}
