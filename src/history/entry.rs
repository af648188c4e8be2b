//! One line of the history: an operation that has ended.

use crate::host;
use crate::report::{Detection, Draft, Report, Samples, Shares};
use crate::restart::Outcome;
use crate::restart::PhaseTime;
use crate::state::caller::{Caller, Origin};
use crate::state::invocation::Invocation;
use crate::state::journal::CutShort;
use crate::state::operation_id;
use crate::text::escape_within;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The outcome of an operation that was killed, and could not write its own.
pub const CUT_SHORT: &str = "cut_short";

/// The longest message or reason, in characters.
const LONG: usize = 2000;

/// The longest notice, or text of a wait, in characters.
const SHORT: usize = 500;

/// The most notices, and the most waits of one phase.
const MANY: usize = 50;

/// The most phases: a host that waits for its turn repeats them.
const PHASES: usize = 200;

/// One operation. [`super::Line`] adds the user names. [`super::has`] needs the id as the first
/// field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// A short unique id. Ids sort by time.
    pub id: String,
    /// The host. Empty: an older agent did not write it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// The app.
    pub app: String,
    /// The verb, as on the command line.
    pub verb: String,
    /// Of a switch: the target that served when it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of a switch: the target that was to serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The outcome in one word.
    pub outcome: String,
    /// The exit code. None if the operation was killed.
    pub exit: Option<u8>,
    /// The outcome in one line.
    pub message: String,
    /// The start, in seconds since 1970, UTC.
    pub started_at: f64,
    /// The duration in seconds.
    pub seconds: f64,
    /// How the duration is shared out. None if nothing was done, or if it was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<Shares>,
    /// Its phases, in order.
    pub phases: Vec<PhaseEntry>,
    /// The notes that the operation printed.
    pub notices: Vec<String>,
    /// The balancers that it left out, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_balancers: Vec<String>,
    /// The caller.
    pub caller: Caller,
    /// The operator's reason.
    pub reason: Option<String>,
    /// The version of the agent.
    pub agent: String,
    /// How HAProxy detected the gates that closed and opened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub detection: Vec<Detection>,
    /// Rules of other programs that may have matched HAProxy's checks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub possible_rules: Vec<String>,
    /// A fingerprint of the foreign rules at that time.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rules_around: String,
    /// What the balancers showed during the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<Samples>,
}

/// One phase of an operation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhaseEntry {
    /// Its name.
    pub phase: String,
    /// Its start, in seconds since the operation's start.
    pub start: f64,
    /// Its duration in seconds.
    pub seconds: f64,
    /// The part of the duration that its action took.
    pub acting: f64,
    /// What it waited for last.
    pub waited_for: Vec<String>,
    /// The last lines that its command printed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
}

impl Entry {
    /// The entry of an operation that has ended.
    pub fn of(report: &Report, draft: &Draft, outcome: &Outcome) -> Entry {
        let phases = report.phases.iter().take(PHASES);
        let detecting = &draft.watching.detecting;
        Entry {
            outcome: report.outcome.to_owned(),
            exit: Some(report.exit),
            from: report.from.clone(),
            to: report.to.clone(),
            message: escape_within(&report.message, LONG),
            started_at: report.started_at,
            seconds: report.seconds,
            shares: report.shares,
            phases: phases.map(PhaseEntry::of).collect(),
            notices: all_escaped(&report.notices),
            without_balancers: all_escaped(&report.without_balancers),
            detection: detecting.found(outcome),
            possible_rules: all_escaped(detecting.possible(outcome)),
            rules_around: detecting.around.clone(),
            samples: draft.watching.samples(),
            ..Entry::new(&draft.origin, report.verb.word(), &report.app)
        }
    }

    /// The entry of an unfinished operation that another one `found` by its journal: it was
    /// killed, or could not set the rules. `lasted` is the time of its last record.
    pub fn cut_short(before: &CutShort) -> Entry {
        let CutShort {
            entry: journal,
            lasted,
            found,
        } = before;
        let Invocation {
            pid,
            verb,
            app,
            since,
        } = &journal.invocation;
        let phase = journal.phase.name();
        let gave_up = Outcome::GateFailed {
            why: String::new(),
            put_back: false,
        };
        let (outcome, exit, how) = match journal.ended {
            true => (
                gave_up.word(*verb),
                Some(gave_up.exit_code()),
                "the rules could not be set",
            ),
            false => (CUT_SHORT, None, "killed"),
        };
        let mut entry = Entry {
            outcome: outcome.to_owned(),
            exit,
            message: format!("{how} in phase {phase} (pid {pid}); found by `{found}`"),
            started_at: *since as f64,
            seconds: *lasted,
            phases: vec![PhaseEntry {
                phase: phase.to_owned(),
                start: *lasted,
                ..PhaseEntry::default()
            }],
            without_balancers: all_escaped(&journal.without_balancers),
            from: journal.switch.as_ref().map(|targets| targets.from.clone()),
            to: journal.switch.as_ref().map(|targets| targets.to.clone()),
            ..Entry::new(&journal.origin, verb.word(), app)
        };
        if entry.id.is_empty() {
            entry.id = operation_id::of(Duration::from_secs(*since), u64::from(*pid));
        }
        entry
    }

    fn new(origin: &Origin, verb: &str, app: &str) -> Entry {
        let reason = origin.reason.as_ref();
        Entry {
            id: origin.id.clone(),
            host: host::name(),
            app: app.to_owned(),
            verb: verb.to_owned(),
            reason: reason.map(|reason| escape_within(reason, LONG)),
            agent: env!("CARGO_PKG_VERSION").to_owned(),
            ..Entry::default()
        }
    }

    /// The verb, and the targets of a switch: `switch blue -> green`.
    pub fn verb_and_targets(&self) -> String {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => format!("{} {from} -> {to}", self.verb),
            _ => self.verb.clone(),
        }
    }

    /// Whether it succeeded, or had nothing to do.
    pub fn is_good(&self) -> bool {
        self.exit == Some(0)
    }
}

impl PhaseEntry {
    fn of(record: &PhaseTime) -> PhaseEntry {
        PhaseEntry {
            phase: record.phase.to_owned(),
            start: record.start,
            seconds: record.seconds,
            acting: record.acting,
            waited_for: all_escaped(&record.waited_for),
            // Escaped and bounded where it was read.
            output: record.output.clone(),
        }
    }
}

fn all_escaped(texts: &[String]) -> Vec<String> {
    let some = texts.iter().take(MANY);
    some.map(|text| escape_within(text, SHORT)).collect()
}
