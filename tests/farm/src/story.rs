//! A way through the states as text.

use super::farm::Farm;
use super::{Host, Life, State, Step};

/// One step a line, and after it the hosts that it has changed.
pub(crate) fn story(farm: &Farm, way: &[(State, Option<Step>)]) -> String {
    let after = way.iter().skip(1).map(|(state, _)| state);
    let lines = way.iter().zip(after).map(|((before, step), after)| {
        let hosts = before.hosts.iter().zip(&after.hosts).enumerate();
        let changed = hosts.filter(|(_, (before, after))| before != after);
        let shown: Vec<String> = changed
            .map(|(number, (before, after))| {
                format!("host {number} {}", shown(farm, before, after))
            })
            .collect();
        let step = step.map_or_else(String::new, |step| format!("{step:?}"));
        format!("{step}: {}", shown.join("; "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn shown(farm: &Farm, before: &Host, host: &Host) -> String {
    let about = match host.life {
        Life::Idle => "idle".to_owned(),
        Life::Done => "done".to_owned(),
        Life::Runs => farm.name(host.under_way.phase),
        Life::Died if before.life == Life::Died => "dead".to_owned(),
        Life::Died => format!("died in {}", farm.name(before.under_way.phase)),
    };
    let gates = host
        .gates
        .map(|is_open| if is_open { "open" } else { "closed" });
    let app = if host.app { "" } else { ", app down" };
    let lines = &host.lines[..farm.settings.balancers];
    let second = host.two.map_or_else(String::new, |two| {
        let lines = &two.lines[..farm.settings.balancers];
        format!(
            ", new: open {:?}, health {lines:?}, answers {}, run {:?}, parked {:?}, busy {:?}",
            two.gates, two.app, two.runs, two.parked, two.busy
        )
    });
    format!(
        "{about}, main {}, twin {}{app}, health {lines:?}{second}",
        gates[0], gates[1]
    )
}
