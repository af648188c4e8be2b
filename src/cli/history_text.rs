//! Prints one operation of the history as text.

use crate::clock;
use crate::history::{Entry, PhaseEntry};
use crate::text::lines;

/// When it began: `2026-11-21 12:30:00Z`.
pub(super) fn when(entry: &Entry) -> String {
    clock::timestamp(entry.started_at.max(0.0) as u64).replacen('T', " ", 1)
}

/// The whole operation as text.
pub(super) fn text(entry: &Entry) -> String {
    let mut text = wrapped(&format!("{}: {}", entry.app, entry.message), "", "  ");
    let exit = entry.exit.map(|exit| format!(" (exit {exit})"));
    let outcome = format!("{}{}", entry.outcome, exit.unwrap_or_default());
    let facts = [
        (
            "operation",
            Some(format!("{}, {}", entry.id, entry.verb_and_targets())),
        ),
        ("outcome", Some(outcome)),
        (
            "when",
            Some(format!("{}, for {:.2} s", when(entry), entry.seconds)),
        ),
        ("time", entry.shares.map(|shares| shares.to_string())),
        ("host", (!entry.host.is_empty()).then(|| entry.host.clone())),
        ("caller", Some(entry.caller.to_string())),
        ("reason", entry.reason.clone()),
        ("agent", Some(entry.agent.clone())),
    ];
    for (what, fact) in facts {
        let indent = " ".repeat(11);
        text += &fact.map_or_else(String::new, |fact| {
            wrapped(&fact, &format!("{what:<11}"), &indent)
        });
    }
    if !entry.phases.is_empty() {
        text += "\n   start  seconds  phase      waited for, last\n";
    }
    entry.phases.iter().for_each(|it| text += &phase(it));
    for notice in &entry.notices {
        text += &wrapped(notice, "note: ", "      ");
    }
    text
}

fn phase(phase: &PhaseEntry) -> String {
    let first = format!(
        "{:8.2} {:8.2}  {:<11}",
        phase.start, phase.seconds, phase.phase
    );
    let others = " ".repeat(first.len());
    let line = wrapped(&phase.waited_for.join(", "), &first, &others);
    let printed = phase
        .output
        .iter()
        .map(|line| format!("\n{others}| {line}"));
    format!("{}{}\n", line.trim_end(), printed.collect::<String>())
}

/// The text on lines of a terminal's width.
pub(super) fn wrapped(text: &str, first: &str, others: &str) -> String {
    lines(text, first, others).join("\n") + "\n"
}
