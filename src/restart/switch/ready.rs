//! The target that stays ready at the end of a switch, and until when.

use super::{How, Part, Switching};
use crate::restart::Outcome;

/// When the time of a ready target ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// `keep` after the end of the switch.
    AfterKeep,
    /// As before the switch: that one did not happen.
    AsBefore,
}

/// The users are on the old target, as before the switch.
pub fn went_back(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::NotPlaced { .. }
            | Outcome::SwappedBack { .. }
            | Outcome::Interrupted { .. }
            | Outcome::Unrecorded { .. }
            | Outcome::Done { .. }
            | Outcome::GateFailed { put_back: true, .. }
    )
}

/// The ready target, whose end is to be recorded. None: the record has it. From Leave on it has none, in
/// case the switch does not come to its end.
pub fn stays_ready(outcome: &Outcome, switching: Switching) -> Option<(Part, Ends)> {
    match (outcome, switching.how) {
        (Outcome::Switched { .. }, How::Start | How::Back) => {
            switching.keeps.then_some((Part::Old, Ends::AfterKeep))
        }
        // It went on running, as before the switch.
        (outcome, How::Back) if went_back(outcome) => Some((Part::New, Ends::AsBefore)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_back_that_went_back_leaves_the_time_as_it_was() {
        let (why, note, waiting) = (String::new(), None, Vec::new());
        let back = Some((Part::New, Ends::AsBefore));
        let kept = Some((Part::Old, Ends::AfterKeep));
        let switched = |how| Outcome::Switched { how, note: None };
        let not_placed = Outcome::NotPlaced {
            why: why.clone(),
            note: note.clone(),
        };
        let swapped_back = Outcome::SwappedBack {
            why: why.clone(),
            note: note.clone(),
        };
        let interrupted = Outcome::Interrupted {
            signal: 2,
            left: why.clone(),
        };
        let unrecorded = Outcome::Unrecorded {
            why: why.clone(),
            back: true,
        };
        let gate_failed = |put_back| Outcome::GateFailed {
            why: why.clone(),
            put_back,
        };
        let still_draining = Outcome::StillDraining {
            waiting: waiting.clone(),
            unwell: None,
            note: note.clone(),
        };
        let neither = Outcome::NeitherHealthy {
            why: why.clone(),
            waiting,
        };
        for (outcome, how, keeps, expected) in [
            (switched(How::Start), How::Start, true, kept),
            (switched(How::Start), How::Start, false, None),
            (switched(How::Back), How::Back, true, kept),
            (switched(How::Back), How::Back, false, None),
            (switched(How::Finish), How::Finish, true, None),
            (not_placed.clone(), How::Back, true, back),
            (swapped_back.clone(), How::Back, false, back),
            (interrupted.clone(), How::Back, true, back),
            (unrecorded, How::Back, true, back),
            (gate_failed(true), How::Back, true, back),
            // By a recovery.
            (Outcome::Done { note }, How::Back, true, back),
            // Both may be open, or the new one serves.
            (gate_failed(false), How::Back, true, None),
            (neither, How::Back, true, None),
            (still_draining, How::Back, true, None),
            // The new one was started, and goes.
            (not_placed, How::Start, true, None),
            (swapped_back, How::Start, true, None),
            // It keeps the time of the record.
            (interrupted, How::Finish, false, None),
        ] {
            let switching = Switching {
                how,
                keeps,
                ..Switching::default()
            };
            let ready = stays_ready(&outcome, switching);
            assert_eq!(ready, expected, "{outcome:?} {switching:?}");
        }
    }
}
