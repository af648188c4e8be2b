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
mod tests {
    use super::*;
    use crate::state::caller::Caller;

    #[test]
    fn a_moment_has_several_forms() {
        assert_eq!(since("1970-01-02"), Ok(86_400));
        assert_eq!(since("1970-01-02T00:01"), Ok(86_460));
        assert_eq!(since("1970-01-02 00:01:02"), Ok(86_462));
        assert_eq!(since("1970-01-02T00:01:02Z"), Ok(86_462));
        for text in ["2h", "2h ago"] {
            let ago = since_1970().as_secs() - since(text).unwrap();
            assert!((7200..7210).contains(&ago), "{ago}");
        }
        for wrong in [
            "",
            " ago",
            "2026-11-21 ago",
            "yesterday",
            "2026",
            "2026-13-01",
        ] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_line_has_eighty_columns_at_most() {
        let long = Entry {
            id: "1mj1tea0011".to_owned(),
            app: "a".repeat(64),
            verb: "restart".to_owned(),
            outcome: "not_out_of_rotation".to_owned(),
            seconds: 12_345.6,
            reason: Some("a disk swap ".repeat(16)),
            ..Entry::default()
        };
        let mut short = long.clone();
        (short.app, short.outcome, short.seconds) = ("web".into(), "restarted".into(), 3.21);
        short.reason = None;
        let text = table(&[&long, &short]);
        assert!(
            text.lines().all(|line| measure_text_width(line) <= WIDTH),
            "{text}"
        );
        assert!(text.contains("  a disk swap a disk"), "{text}");
        let alone = table(&[&short]);
        assert_eq!(
            alone,
            "1970-01-01 00:00:00Z 1mj1tea0011 web restart restarted   3.2 s unknown\n"
        );
    }

    #[test]
    fn a_switch_names_its_targets() {
        let target = |name: &str| Some(name.to_owned());
        let switch = Entry {
            id: "1mj1tea0011".to_owned(),
            app: "web".to_owned(),
            verb: "switch".to_owned(),
            from: target("blue"),
            to: target("green"),
            outcome: "switched".to_owned(),
            seconds: 2.05,
            ..Entry::default()
        };
        let restart = Entry {
            verb: "restart".to_owned(),
            outcome: "restarted".to_owned(),
            from: None,
            to: None,
            ..switch.clone()
        };
        let long = Entry {
            from: target("a-target-of-twenty-two"),
            ..switch.clone()
        };
        assert_eq!(
            table(&[&switch, &restart]),
            "1970-01-01 00:00:00Z 1mj1tea0011 web switch blue -> green switched    2.0 s\n    unknown\n\
             1970-01-01 00:00:00Z 1mj1tea0011 web restart              restarted   2.0 s\n    unknown\n"
        );
        let text = table(&[&long]);
        assert!(
            text.contains(" switch a-target-of-twe.. switched "),
            "{text}"
        );
    }

    #[test]
    fn wide_letters_take_two_columns() {
        let entry = |app: &str, unit: &str| Entry {
            id: "1mj1tea0011".to_owned(),
            app: app.to_owned(),
            caller: Caller {
                unit: Some(unit.to_owned()),
                ..Caller::default()
            },
            ..Entry::default()
        };
        let wide = entry("注文", &"注文".repeat(20));
        let text = table(&[&wide, &entry("web", "at–the–end")]);
        let columns: Vec<_> = text.lines().map(measure_text_width).collect();
        assert!(columns[0] == WIDTH || columns[0] == WIDTH - 1, "{text}");
        let seconds = text.lines().map(|line| line.split_once("0.0 s").unwrap().0);
        let seconds: Vec<_> = seconds.map(measure_text_width).collect();
        assert_eq!(seconds[0], seconds[1], "{text}");
        assert_eq!(cut("注文注文注文注文注", 16), "注文注文注文注..");
        assert_eq!(cut("注文注文注文注文", 16), "注文注文注文注文");
        assert_eq!(cut("é–é", 3), "é–é");
    }
}
