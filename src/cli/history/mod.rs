//! `agent history`: what was done on this host, one line each.

use super::history_text::{text, when, wrapped};
use super::screen::say;
use super::selection::{Operations, Selection, failed};
use crate::clock::since_1970;
use crate::history::Entry;
use crate::text::WIDTH;
use clap::Args;
use console::{Alignment, measure_text_width, pad_str, truncate_str};
use std::borrow::Cow;
use std::path::Path;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  agent history                       the last 20
  agent history web --since 2h        of one app, in the last two hours
  agent history --since 2026-11-21    since a day, in UTC
  agent history 1mj1tea0011           one of them, with its phases")]
pub(super) struct Looking {
    /// An app, or the id of an operation
    #[arg(value_name = "APP|ID")]
    pub(super) which: Option<String>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) last: u64,
    /// All operations in the history
    #[arg(long, conflicts_with = "last")]
    pub(super) all: bool,
    /// Only operations that began since then: 2h, 2h ago, or a day or time in UTC:
    /// 2026-11-21, 2026-11-21T12:30:00
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(super) since: Option<u64>,
}

/// The most columns of an app's name.
const APP: usize = 16;

/// The most columns of a verb with the targets of a switch.
const VERB: usize = 24;

/// Prints the operations. Returns the exit code.
pub(super) fn history(config: &Path, looking: &Looking, json: bool) -> anyhow::Result<u8> {
    let operations = match Operations::read(config) {
        Ok(operations) => operations,
        Err(why) => return Ok(failed(&why, json)),
    };
    let entries: Vec<&Entry> = match operations.select(config, looking.which.as_deref())? {
        Selection::One(entry) => {
            match json {
                true => print_json(&[entry]),
                false => say(&text(entry)),
            }
            return Ok(0);
        }
        Selection::App(app) => operations
            .entries
            .iter()
            .filter(|it| it.app == app)
            .collect(),
        Selection::All => operations.entries.iter().collect(),
    };
    let since = looking.since.unwrap_or_default() as f64;
    let entries: Vec<&Entry> = entries
        .into_iter()
        .filter(|entry| entry.started_at >= since)
        .collect();
    let last = usize::try_from(looking.last).unwrap_or(usize::MAX);
    let first = match looking.all {
        true => 0,
        false => entries.len().saturating_sub(last),
    };
    match (json, entries.is_empty()) {
        (true, _) => print_json(&entries[first..]),
        (false, true) => say(&format!(
            "no operation yet in {}\n",
            operations.directory.display()
        )),
        (false, false) => say(&table(&entries[first..])),
    }
    Ok(0)
}

fn print_json(entries: &[&Entry]) {
    say(&format!("{}\n", serde_json::json!({"operations": entries})));
}

/// A moment in seconds since 1970: a duration ago, or a day or a moment in UTC.
pub(super) fn since(text: &str) -> Result<u64, String> {
    let ago = text.strip_suffix(" ago").unwrap_or(text);
    if let Ok(ago) = humantime::parse_duration(ago) {
        return Ok(since_1970().saturating_sub(ago).as_secs());
    }
    let moment = match text.len() {
        10 => format!("{text}T00:00:00"),
        16 => format!("{text}:00"),
        _ => text.to_owned(),
    };
    let moment = humantime::parse_rfc3339_weak(&moment)
        .map_err(|_| "expected a time like 2h, 2026-11-21 or 2026-11-21T12:30:00".to_owned())?;
    let since = moment.duration_since(std::time::UNIX_EPOCH);
    Ok(since.unwrap_or_default().as_secs())
}

fn table(entries: &[&Entry]) -> String {
    let widest = |of: fn(&Entry) -> Cow<'_, str>| {
        let widths = entries.iter().map(|entry| measure_text_width(&of(entry)));
        widths.max().unwrap_or(0)
    };
    let app = widest(|entry| (&entry.app).into()).min(APP);
    let verb = widest(|entry| entry.verb_and_targets().into()).min(VERB);
    let outcome = widest(|entry| (&entry.outcome).into());
    let has_targets = entries.iter().any(|entry| entry.to.is_some());
    let mut lines = String::new();
    for entry in entries {
        let line = format!(
            "{} {} {} {} {} {:>7}",
            when(entry),
            entry.id,
            pad_str(&cut(&entry.app, APP), app, Alignment::Left, None),
            pad_str(
                &cut(&entry.verb_and_targets(), VERB),
                verb,
                Alignment::Left,
                None
            ),
            pad_str(&entry.outcome, outcome, Alignment::Left, None),
            format!("{:.1} s", entry.seconds),
        );
        lines += &with_caller(&line, entry.caller.brief(), has_targets);
        if let Some(reason) = &entry.reason {
            lines += &wrapped(reason, "    ", "    ");
        }
    }
    lines
}

/// The targets of a switch leave little room: a caller that does not fit has a line of its own.
fn with_caller(line: &str, caller: &str, has_targets: bool) -> String {
    let whole = format!("{line} {caller}");
    match measure_text_width(&whole) > WIDTH && has_targets {
        true => format!("{line}\n{}", wrapped(caller, "    ", "    ")),
        false => format!("{}\n", cut(&whole, WIDTH)),
    }
}

/// Cuts the text to this many columns.
fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    truncate_str(text, columns, "..")
}

#[cfg(test)]
mod tests;
