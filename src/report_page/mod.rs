//! Draws one operation as a page of HTML, without scripts, which fetches nothing. One time axis
//! shows the phases, and what HAProxy showed of each line meanwhile.
//!
//! Places on the time axis are percent, so the drawings fill the page, and letters keep their size
//! on a phone. The template escapes names and reasons.

mod bands;
mod charts;
mod phases;
mod scale;

use crate::clock;
use crate::history::Entry;
use askama::Template;
use bands::Bands;
use charts::Chart;
use phases::{Bar, Row};
use scale::{Axis, Tick};

/// The page.
#[derive(Template)]
#[template(path = "operation.html", config = "src/report_page/askama.toml")]
struct Page<'a> {
    entry: &'a Entry,
    /// `good`, `warn` or `bad`.
    kind: &'static str,
    /// A sign with the same meaning, without colour.
    mark: &'static str,
    outcome: String,
    /// The targets of a switch.
    targets: Option<String>,
    when: String,
    ended: String,
    seconds: String,
    /// How the seconds are shared out.
    shares: Option<String>,
    /// The place of the operation's end on the time axis.
    end: String,
    ticks: Vec<Tick>,
    bars: Vec<Bar>,
    rows: Vec<Row>,
    balancers: Vec<Bands>,
    charts: Vec<Chart>,
}

/// The page of this operation.
///
/// # Errors
///
/// Only after a mistake in the template.
pub fn render(entry: &Entry) -> askama::Result<String> {
    let axis = Axis::of(entry);
    let (kind, mark) = kind(entry.exit);
    let page = Page {
        kind,
        mark,
        outcome: entry.outcome.replace('_', " "),
        targets: targets(entry),
        when: moment(entry.started_at),
        ended: moment(entry.started_at + entry.seconds),
        seconds: scale::seconds(entry.seconds),
        shares: entry.shares.map(|shares| shares.to_string()),
        end: axis.x(axis.end()),
        ticks: axis.ticks(),
        bars: phases::bars(entry, &axis),
        rows: phases::rows(entry),
        balancers: bands::bands(entry, &axis),
        charts: charts::charts(entry, &axis),
        entry,
    };
    Ok(page.render()? + "\n")
}

/// `blue → green`
fn targets(entry: &Entry) -> Option<String> {
    let (from, to) = (entry.from.as_ref()?, entry.to.as_ref()?);
    Some(format!("{from} → {to}"))
}

fn moment(at: f64) -> String {
    clock::timestamp(at.max(0.0) as u64).replacen('T', " ", 1)
}

/// `good` is done. `warn` left the app untouched or healthy, but not as asked. `bad` needs the
/// operator.
fn kind(exit: Option<u8>) -> (&'static str, &'static str) {
    match exit {
        Some(0) => ("good", "✓"),
        Some(10..=14 | 17..=19 | 129..) => ("warn", "!"),
        _ => ("bad", "✗"),
    }
}

#[cfg(test)]
mod tests;
