//! Draws the phases as bars on the time axis, and as rows of a table.

use super::scale::{Axis, percent, seconds};
use crate::history::{Entry, PhaseEntry};

/// A phase as a bar.
pub(crate) struct Bar {
    pub number: usize,
    pub name: String,
    /// The purpose of the phase: `look`, `out`, `app`, `back` or `wait`.
    pub kind: &'static str,
    pub x: String,
    pub width: String,
    /// The widths of the drawing from which its name and its number are shown; 0: never.
    pub name_fits: u32,
    pub number_fits: u32,
    pub description: String,
}

/// A phase as a row.
pub(crate) struct Row {
    pub number: usize,
    pub name: String,
    pub kind: &'static str,
    pub start: String,
    pub seconds: String,
    pub share: String,
    pub waited_for: String,
    pub output: String,
}

pub(crate) fn bars(entry: &Entry, axis: &Axis) -> Vec<Bar> {
    let bar = |(at, phase): (usize, &PhaseEntry)| {
        let (number, end) = (at + 1, phase.start + phase.seconds);
        let fits = |letters| axis.fits(letters, phase.start, end).unwrap_or(0);
        let label = format!("{number} {}", phase.phase);
        Bar {
            number,
            kind: kind(&phase.phase),
            x: axis.x(phase.start),
            width: percent(axis.place(end) - axis.place(phase.start)),
            name_fits: fits(label.len()),
            number_fits: fits(number.to_string().len()),
            description: describe(phase),
            name: phase.phase.clone(),
        }
    };
    entry.phases.iter().enumerate().map(bar).collect()
}

pub(crate) fn rows(entry: &Entry) -> Vec<Row> {
    let row = |(at, phase): (usize, &PhaseEntry)| Row {
        number: at + 1,
        name: phase.phase.clone(),
        kind: kind(&phase.phase),
        start: seconds(phase.start),
        seconds: seconds(phase.seconds),
        share: match entry.seconds > 0.0 {
            true => format!("{:.0}%", phase.seconds / entry.seconds * 100.0),
            false => String::new(),
        },
        waited_for: phase.waited_for.join(", "),
        output: phase.output.join("\n"),
    };
    entry.phases.iter().enumerate().map(row).collect()
}

fn describe(phase: &PhaseEntry) -> String {
    let (start, took) = (seconds(phase.start), seconds(phase.seconds));
    format!("{}: from {start}, for {took}", phase.phase)
}

fn kind(phase: &str) -> &'static str {
    match phase {
        "preflight" => "look",
        "upgrade" | "restart" | "rollback" | "healthy" | "prepare" | "start" | "verify"
        | "stop" => "app",
        "open" | "put_back" | "settle" | "join" | "take_back" => "back",
        "back_off" | "lock" => "wait",
        _ => "out",
    }
}
