//! The end of an operation, and its notes.

use super::Drive;
use super::meanwhile::Notes;
use crate::restart::{Host, Observation, Outcome, Timeline};

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

    /// Once: the operation finishes without the group's lock.
    pub(super) fn notes_lost_lock(&mut self, observation: &Observation) {
        let lost = observation.goes_on_without_lock(&self.phase);
        if let Some(note) = lost.filter(|_| !self.lock_noted) {
            self.lock_noted = true;
            self.note(note);
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
