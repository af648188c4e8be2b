//! What the history is told of an operation: after it has ended, its journal too, and whoever
//! runs the operation has let go of its locks. Nothing rests on it, and nobody waits for it long.

use super::request::Operation;
use crate::clock::since_1970;
use crate::history::{self, Line};
use crate::report::Report;
use crate::restart::{Outcome, Verb};
use crate::state::StateFile;
use crate::state::caller::Asked;
use crate::state::journal::{self, CutShort};
use nix::unistd::geteuid;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

/// An operation that has ended, and is not in the history yet: that may take its time, and
/// whoever has locks for the operation lets go of them first.
#[must_use = "it belongs in the history"]
pub struct Unwritten {
    /// How it ended.
    pub report: Report,
    lines: Vec<Line>,
    history_dir: PathBuf,
    changed_nothing: bool,
}

/// On whose behalf it is.
pub(super) enum By {
    /// Whoever runs this process.
    Caller,
    /// The sidecar's own.
    Sidecar,
}

impl Operation<'_> {
    pub(super) fn report(&self, by: By) -> Report {
        let report = Report::new(self.verb, &self.app.name);
        let (owner, reason) = (
            self.options.owner.as_deref(),
            self.options.reason.as_deref(),
        );
        match by {
            _ if self.dry_run => report,
            By::Caller => report.asked(Asked::by_caller(owner, reason)),
            By::Sidecar => report.asked(Asked::by_sidecar()),
        }
    }

    /// Its report, to be kept; and the operation before, where that was killed.
    pub(super) fn end(&self, report: Report, outcome: &Outcome) -> Unwritten {
        let mut report = report.end(outcome);
        let own = self.is_worth_a_line(outcome, &report);
        let own = own.then(|| Line::of(&report, outcome));
        let before = report.cut_short.take();
        let before = before.map(|before| Line::cut_short(&before));
        Unwritten {
            lines: before.into_iter().chain(own).collect(),
            report,
            history_dir: self.settings.agent.history_dir.clone(),
            changed_nothing: matches!(outcome, Outcome::Locked(_) | Outcome::Refused(_)),
        }
    }

    /// Not a look that found nothing to do, nor one failure over and over. Without root's
    /// rights there is no writing, and nothing else either.
    fn is_worth_a_line(&self, outcome: &Outcome, report: &Report) -> bool {
        let idle = matches!(outcome, Outcome::Nothing(_)) && report.asked.who.is_sidecar();
        let message = outcome.message(self.verb, &self.app.name);
        let same = self.again.as_ref() == Some(&message);
        !self.dry_run && !idle && !same && geteuid().is_root()
    }

    /// An operation that was killed has told nobody; nor has one that has `left` its journal on
    /// purpose, where the history could not be written.
    pub(super) fn cut_short(&self, left: &journal::Entry) -> Option<CutShort> {
        let (state_dir, app) = (self.state_dir(), &self.app.name);
        if self.dry_run {
            return None;
        }
        // Before this operation's own journal takes its place.
        let written = StateFile::Journal.path(state_dir, app).metadata();
        let written = written.and_then(|found| found.modified());
        let written = written.map(|at| at.duration_since(UNIX_EPOCH).unwrap_or_default());
        let last = written.unwrap_or_else(|_| since_1970()).as_secs_f64();
        let lasted = (last - left.holder.since as f64).max(0.0);
        let found = match self.verb {
            Verb::Stop => "agent run".to_owned(),
            verb if self.non_blocking => format!("agent run, {} {app}", verb.word()),
            verb => format!("agent {} {app}", verb.word()),
        };
        Some(CutShort {
            left: left.clone(),
            lasted,
            found,
        })
    }
}

impl Unwritten {
    /// Where nothing was changed there is no need to warn: what is in the way has been told.
    pub async fn write(self) -> Report {
        let directory = self.history_dir.display();
        if !self.lines.is_empty()
            && let Err(error) = history::write(&self.history_dir, self.lines).await
        {
            let what = format!("not in the history: {directory}: {error}");
            match self.changed_nothing {
                true => tracing::info!("{what}"),
                false => tracing::warn!("{what}; mend [agent] history_dir"),
            }
        }
        self.report
    }
}
