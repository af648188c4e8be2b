//! The limits of an operation: those of the configuration, with what the options and the look say.

use super::judge::Judged;
use super::request::Operation;
use crate::haproxy::Floor;
use crate::host::ThisHost;
use crate::restart::{Limits, Verb, claimed, serving, turns};
use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::Duration;

/// The first and the longest wait of a host that gave way to another. Each has jitter.
const BACK_OFF: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

impl Operation<'_> {
    pub(super) fn limits(&self, judged: &Judged, host: &ThisHost, stays_closed: bool) -> Limits {
        let limits = &self.app.limits;
        let turn = self.within_window(self.options.turn.unwrap_or(limits.turn));
        let min_available = match judged.start.verb {
            // A host that goes down at once waits for no other host's turn.
            Verb::Stop if !self.stops_in_turn() => Floor::Servers(0),
            _ => limits.min_available,
        };
        let [first, longest] = BACK_OFF;
        let waits = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(longest);
        Limits {
            all_found_open: host.to_reopen.iter().all(|open| *open),
            serving: serving(&judged.facts),
            claimed_before: claimed(&judged.facts),
            min_available,
            upgrades: self.app.upgrade.is_some(),
            rolls_back: self.app.rollback.is_some(),
            turns: turns(waits.with_jitter().without_max_times().build(), turn),
            turn,
            lock: self.takes_lock(&judged.start, judged.is_out),
            stays_closed,
            ..limits.clone()
        }
    }
}
