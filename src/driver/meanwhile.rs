//! What HAProxy shows while the app is touched, noted as it comes.

use super::Progress;
use crate::record::Record;
use crate::restart::{BalancerSeen, ClosedLines};
use std::time::Duration;

/// What is seen meanwhile, of an action that takes its time.
#[derive(Debug)]
pub enum Meanwhile {
    /// One look at one balancer.
    Lines(BalancerSeen),
    /// Why its lines are UP.
    Causes(Vec<String>),
}

/// Is told what is seen meanwhile, and when; returns whether the causes are wanted.
pub type OnMeanwhile<'a> = &'a mut dyn FnMut(Duration, Meanwhile) -> bool;

/// Where notes of this moment go.
pub(super) struct Notes<'a>(
    pub(super) Duration,
    pub(super) &'a mut dyn Progress,
    pub(super) &'a mut Record,
);

impl Notes<'_> {
    pub(super) fn add(&mut self, note: String) {
        self.1.notes(self.0, &note);
        self.2.notes.push(note);
    }
}

/// Notes what is new; true: a line is UP, and why that is, is not known yet.
pub(super) fn judge(closed: &mut ClosedLines, seen: Meanwhile, notes: &mut Notes<'_>) -> bool {
    match seen {
        Meanwhile::Lines(seen) => {
            let news = closed.look(&seen);
            for up in &news.up {
                tracing::warn!("{up}");
            }
            let all = [news.up.clone(), news.notices].concat();
            all.into_iter().for_each(|note| notes.add(note));
            !news.up.is_empty()
        }
        Meanwhile::Causes(causes) => {
            let new = closed.because(causes);
            new.into_iter().for_each(|cause| notes.add(cause));
            false
        }
    }
}
