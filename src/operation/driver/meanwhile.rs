//! Notes what is seen while the app is restarted or upgraded.

use crate::restart::{ClosedLines, Meanwhile, Progress, Timeline};
use crate::state::journal::Journal;
use std::time::Duration;

/// Where the notes of this moment go.
pub(super) struct Notes<'a> {
    pub(super) at: Duration,
    pub(super) progress: &'a mut dyn Progress,
    pub(super) timeline: &'a mut Timeline,
}

impl Notes<'_> {
    pub(super) fn add(&mut self, note: String) {
        self.progress.notes(self.at, &note);
        self.timeline.notes.push(note);
    }
}

/// Notes what is new. True: a line is UP, and its cause is not known yet.
pub(super) fn judge(
    closed: &mut ClosedLines,
    journal: &mut Journal,
    shown: Meanwhile,
    notes: &mut Notes<'_>,
) -> bool {
    match shown {
        Meanwhile::Lines(balancer) => {
            let news = closed.look(&balancer);
            for up in &news.up {
                tracing::warn!("{up}");
            }
            let all = [news.up.clone(), news.notices].concat();
            all.into_iter().for_each(|note| notes.add(note));
            !news.up.is_empty()
        }
        Meanwhile::Causes(causes) => {
            let new = closed.new_causes(causes);
            new.into_iter().for_each(|cause| notes.add(cause));
            false
        }
        Meanwhile::Printed(lines) => {
            notes.timeline.prints(lines);
            false
        }
        Meanwhile::Stopped => {
            if let Err(error) = journal.stopped_first() {
                tracing::warn!(%error, "a recovery would leave the new target running");
            }
            false
        }
    }
}
