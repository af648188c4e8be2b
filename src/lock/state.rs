//! What is known of the lock, by the answers so far and the clock.

use crate::clock::since_boot;
use crate::restart::GroupLock;
use std::time::Duration;

/// What is known of the lock.
pub(super) struct State {
    lock: GroupLock,
    ttl: Duration,
    /// The time since the boot when it was asked for.
    asked: Duration,
    /// The time since the boot until which it is ours for sure. None: it has no end.
    until: Option<Duration>,
    /// Since when the server has not answered, or refuses.
    away_since: Option<Duration>,
    /// Why the last keepalive had no answer.
    unanswered: Option<String>,
}

impl State {
    pub(super) fn asked(ttl: Duration) -> State {
        State {
            lock: GroupLock::Asked {
                lasts: Duration::ZERO,
            },
            ttl,
            asked: since_boot(),
            until: None,
            away_since: None,
            unanswered: None,
        }
    }

    pub(super) fn held(&mut self, until: Option<Duration>) {
        (self.lock, self.until) = (GroupLock::Held, until);
    }

    pub(super) fn full(&mut self, by: Vec<String>) {
        (self.lock, self.away_since) = (GroupLock::Full(by), None);
    }

    pub(super) fn away(&mut self, why: String) {
        let lasts = self.lasts();
        self.lock = GroupLock::Away { why, lasts };
    }

    pub(super) fn refused(&mut self, why: String) {
        let lasts = self.lasts();
        self.lock = GroupLock::Refused { why, lasts };
    }

    /// The time without an answer that helps.
    fn lasts(&mut self) -> Duration {
        let now = since_boot();
        now.saturating_sub(*self.away_since.get_or_insert(now))
    }

    pub(super) fn kept(&mut self, until: Duration) {
        (self.until, self.unanswered) = (Some(until), None);
    }

    pub(super) fn unanswered(&mut self, why: String) {
        self.unanswered = Some(why);
    }

    /// What is lost stays lost.
    pub(super) fn lost(&mut self, why: String) {
        self.lock = GroupLock::Lost(why);
    }

    /// The lock now. Without an answer for its whole time it is lost: this process may have been
    /// stopped meanwhile.
    pub(super) fn seen(&mut self) -> GroupLock {
        self.seen_at(since_boot())
    }

    fn seen_at(&mut self, now: Duration) -> GroupLock {
        let is_over = self.until.is_some_and(|until| now >= until);
        if self.lock == GroupLock::Held && is_over {
            let why = match &self.unanswered {
                Some(why) => format!("the lock server is away for {:?}: {why}", self.ttl),
                None => format!("it was not renewed within {:?}", self.ttl),
            };
            self.lost(why);
        }
        if let GroupLock::Asked { lasts } = &mut self.lock {
            *lasts = now.saturating_sub(self.asked);
        }
        self.lock.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_lock_that_was_not_renewed_in_time_is_lost_for_good() {
        let mut state = State {
            asked: s(93),
            ..State::asked(s(5))
        };
        assert_eq!(state.seen_at(s(100)), GroupLock::Asked { lasts: s(7) });
        state.held(Some(s(105)));
        assert_eq!(state.seen_at(s(104)), GroupLock::Held);
        state.kept(s(107));
        assert_eq!(state.seen_at(s(106)), GroupLock::Held);
        let lost = GroupLock::Lost("it was not renewed within 5s".to_owned());
        assert_eq!(state.seen_at(s(107)), lost);
        state.kept(s(120));
        assert_eq!(state.seen_at(s(108)), lost);
    }

    #[test]
    fn one_without_an_end_stays() {
        let mut state = State::asked(s(5));
        state.held(None);
        assert_eq!(state.seen_at(s(1_000_000)), GroupLock::Held);
    }

    #[test]
    fn the_reason_names_the_last_error() {
        let mut state = State::asked(s(5));
        state.held(Some(s(5)));
        state.unanswered("refused".to_owned());
        let lost = state.seen_at(s(6));
        let why = "the lock server is away for 5s: refused";
        assert_eq!(lost, GroupLock::Lost(why.to_owned()));
    }
}
