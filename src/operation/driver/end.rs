//! The end of an operation, and its notes.

use super::Drive;
use super::meanwhile::Notes;
use crate::restart::{Host, Outcome, Timeline};

impl<H: Host> Drive<'_, H> {
    pub(super) fn end(mut self, outcome: Outcome) -> Timeline {
        self.timeline.leaves(self.host.elapsed());
        let outcome = self.closed.judge(outcome);
        if let Outcome::Done { note }
        | Outcome::RolledBack { note, .. }
        | Outcome::Switched { note, .. }
        | Outcome::StillDraining { note, .. }
        | Outcome::UpWhileClosed { note, .. } = &outcome
        {
            note.iter().for_each(|note| self.note(note.clone()));
        }
        Timeline {
            outcome,
            ..self.timeline
        }
    }

    pub(super) fn note(&mut self, note: String) {
        let mut notes = Notes {
            at: self.host.elapsed(),
            progress: self.progress,
            timeline: &mut self.timeline,
        };
        notes.add(note);
    }
}
