//! Writes an operation to the history after it has ended, its journal is gone and its locks are
//! free. The operation does not depend on that, and does not wait for it long.

use super::request::Operation;
use crate::clock::since_1970;
use crate::history::{self, Line};
use crate::report::{Draft, Report};
use crate::restart::{Outcome, Verb};
use crate::state::StateFile;
use crate::state::caller::Origin;
use crate::state::journal::{self, CutShort};
use nix::unistd::geteuid;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

/// An operation that has ended, and is not in the history yet. Writing may take its time, so the
/// lock owner frees the operation's locks first.
#[must_use = "it belongs in the history"]
pub struct Unwritten {
    /// How it ended.
    pub report: Report,
    /// A gate was open before it began.
    pub any_found_open: bool,
    lines: Vec<Line>,
    history_dir: PathBuf,
    changed_nothing: bool,
}

/// On whose behalf the operation runs.
pub(super) enum By {
    /// The caller: the user or unit that runs this process.
    Caller,
    /// The sidecar's own.
    Sidecar,
}

impl Operation<'_> {
    pub(super) fn draft(&self, by: By) -> Draft {
        let draft = Draft::new(self.verb, &self.app.name);
        let (owner, reason) = (
            self.options.owner.as_deref(),
            self.options.reason.as_deref(),
        );
        match by {
            _ if self.dry_run => draft,
            By::Caller => draft.with_origin(Origin::by_caller(owner, reason)),
            By::Sidecar => draft.with_origin(Origin::by_sidecar()),
        }
    }

    /// The report, and the lines to write: its own, and one of the earlier operation if it was
    /// killed.
    pub(super) fn end(&self, draft: &Draft, outcome: &Outcome) -> Unwritten {
        let report = draft.report(outcome);
        let own = self.is_worth_a_line(&report, draft, outcome);
        let own = own.then(|| Line::of(&report, draft, outcome));
        let before = draft.cut_short.as_ref().map(Line::cut_short);
        Unwritten {
            lines: before.into_iter().chain(own).collect(),
            report,
            any_found_open: draft.any_found_open,
            history_dir: self.settings.agent.history_dir.clone(),
            changed_nothing: matches!(
                outcome,
                Outcome::Locked(_) | Outcome::Refused(_) | Outcome::OutsideWindow(_)
            ),
        }
    }

    /// Skips a look of the sidecar or of a unit that found nothing to do, and repeats of one failure. Without root's rights
    /// nothing can be written.
    fn is_worth_a_line(&self, report: &Report, draft: &Draft, outcome: &Outcome) -> bool {
        let by_itself = draft.origin.caller.is_sidecar() || self.options.if_current.is_some();
        let idle = matches!(outcome, Outcome::Nothing(_)) && by_itself;
        let same = self.again.as_ref() == Some(&report.message);
        !self.dry_run && !idle && !same && geteuid().is_root()
    }

    /// The entry of an earlier operation that did not end: it was killed, or it left its journal on
    /// purpose because the rules could not be set. Its own entry may be missing.
    pub(super) fn cut_short(&self, entry: &journal::Entry) -> Option<CutShort> {
        let (state_dir, app) = (self.state_dir(), &self.app.name);
        if self.dry_run {
            return None;
        }
        // Before this operation's own journal takes its place.
        let written = StateFile::Journal.path(state_dir, app).metadata();
        let written = written.and_then(|found| found.modified());
        let written = written.map(|at| at.duration_since(UNIX_EPOCH).unwrap_or_default());
        let last = written.unwrap_or_else(|_| since_1970()).as_secs_f64();
        let lasted = (last - entry.invocation.since as f64).max(0.0);
        let found = match self.verb {
            Verb::Stop => "agent run".to_owned(),
            verb if self.non_blocking => format!("agent run, {} {app}", verb.word()),
            verb => format!("agent {} {app}", verb.word()),
        };
        Some(CutShort {
            entry: entry.clone(),
            lasted,
            found,
        })
    }
}

impl Unwritten {
    /// An operation that changed nothing needs no warning: its report names the reason.
    pub async fn write(self) -> Report {
        let directory = self.history_dir.display();
        if !self.lines.is_empty()
            && let Err(error) = history::write(&self.history_dir, self.lines).await
        {
            let what = format!("this operation is missing in the history: {directory}: {error}");
            match self.changed_nothing {
                true => tracing::info!("{what}"),
                false => tracing::warn!("{what}; fix [agent] history_dir"),
            }
        }
        self.report
    }
}
