//! One operation that has ended, as its line in the history has it.

use crate::report::{Detection, Report, Samples, Shares};
use crate::restart::Outcome;
use crate::restart::PhaseTime;
use crate::state::caller::{Asked, Who};
use crate::state::invocation::Invocation;
use crate::state::journal::CutShort;
use crate::state::operation_id;
use crate::text::escape_within;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The outcome of an operation that was killed, and could not say how it ended.
pub const CUT_SHORT: &str = "cut_short";

/// Of a message or a reason, in characters.
const LONG: usize = 2000;

/// Of a notice, or of one thing that was waited for.
const SHORT: usize = 500;

/// Of notices, and of things that one phase waited for.
const MANY: usize = 50;

/// A host that waited for its turn has tried again and again.
const PHASES: usize = 200;

/// One operation; who it was comes last ([`super::Line`]). The id stands first in its line: [`super::has`] goes by that.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Short, unique, and in the order of time.
    pub id: String,
    /// Which app.
    pub app: String,
    /// What was asked for.
    pub verb: String,
    /// How it ended, in one word.
    pub outcome: String,
    /// The exit code; None: it was killed.
    pub exit: Option<u8>,
    /// How it ended, in one line.
    pub message: String,
    /// Seconds since 1970, UTC.
    pub started_at: f64,
    /// What it took.
    pub seconds: f64,
    /// Whose seconds they were; None: nothing was done, or it was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<Shares>,
    /// Its phases, in order.
    pub phases: Vec<PhaseEntry>,
    /// What was told on the way.
    pub notices: Vec<String>,
    /// Who has asked for it.
    pub who: Who,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// The version of the agent.
    pub agent: String,
    /// What HAProxy made of the gates that closed and opened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub detection: Vec<Detection>,
    /// Rules of others that were there, and might have caught HAProxy's checks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub possible_rules: Vec<String>,
    /// A fingerprint of the foreign rules at that time.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rules_around: String,
    /// What the balancers showed on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<Samples>,
}

/// One phase of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhaseEntry {
    /// Its name.
    pub phase: String,
    /// Seconds from the operation's begin.
    pub start: f64,
    /// What it took, in seconds.
    pub seconds: f64,
    /// What its act took of them.
    pub acting: f64,
    /// What it waited for last.
    pub waited_for: Vec<String>,
}

impl Entry {
    /// Of an operation that has ended so.
    pub fn of(report: &Report, outcome: &Outcome) -> Entry {
        let (verb, app) = (report.verb, &report.app);
        let phases = report.phases.iter().take(PHASES);
        Entry {
            outcome: outcome.word(verb).to_owned(),
            exit: Some(outcome.exit_code()),
            message: escape_within(&outcome.message(verb, app), LONG),
            started_at: report.started_at,
            seconds: report.seconds,
            shares: report.shares,
            phases: phases.map(PhaseEntry::of).collect(),
            notices: all_escaped(&report.notices),
            detection: report.watching.detecting.found(outcome),
            possible_rules: all_escaped(report.watching.detecting.possible(outcome)),
            rules_around: report.watching.detecting.around.clone(),
            samples: report.watching.samples(),
            ..Entry::asked(&report.asked, verb.word(), app)
        }
    }

    /// Of one that has left its journal behind, `found` by another one: it was killed, or gave
    /// up setting the rules. Its last record was so long (in seconds) after its begin.
    pub fn cut_short(before: &CutShort) -> Entry {
        let CutShort {
            left,
            lasted,
            found,
        } = before;
        let Invocation {
            pid,
            verb,
            app,
            since,
        } = &left.holder;
        let phase = left.phase.name();
        let gave_up = Outcome::GateFailed {
            why: String::new(),
            put_back: false,
        };
        let (outcome, exit, how) = match left.ended {
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
            ..Entry::asked(&left.asked, verb.word(), app)
        };
        if entry.id.is_empty() {
            entry.id = operation_id::of(Duration::from_secs(*since), u64::from(*pid));
        }
        entry
    }

    fn asked(asked: &Asked, verb: &str, app: &str) -> Entry {
        let reason = asked.reason.as_ref();
        Entry {
            id: asked.id.clone(),
            app: app.to_owned(),
            verb: verb.to_owned(),
            reason: reason.map(|reason| escape_within(reason, LONG)),
            agent: env!("CARGO_PKG_VERSION").to_owned(),
            ..Entry::default()
        }
    }

    /// It ended well, or there was nothing to do.
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
        }
    }
}

fn all_escaped(texts: &[String]) -> Vec<String> {
    let some = texts.iter().take(MANY);
    some.map(|text| escape_within(text, SHORT)).collect()
}
