//! What server lines have served, and what went wrong on them: HAProxy's own counters since its
//! worker started. A difference of two samples says how an app does under users.

use serde::Serialize;
use std::iter::Sum;
use std::ops::Add;

/// The counters of some lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ErrorCounts {
    /// `stot`: what was sent there, each try of a request once. The errors are a share of these.
    pub tries: u64,
    /// `req_tot`: requests that were answered; in mode tcp the same as `tries`.
    pub requests: u64,
    /// `hrsp_5xx`: answers of the app with 500 or more; 0 in mode tcp.
    pub answers_5xx: u64,
    /// `econ`: requests that got no connection, and were given up.
    pub connect_errors: u64,
    /// `eresp`: answers that broke off, or never came. HAProxy 3.0 and 3.2 count a missing
    /// one twice.
    pub response_errors: u64,
    /// `wretr`: connections that were tried again on the same line.
    pub retries: u64,
    /// `wredis`: requests that went to another server after that.
    pub redispatches: u64,
}

impl ErrorCounts {
    /// What came after `before`. None: a counter went back, because another worker counts from 0
    /// or an operator cleared the counters.
    pub fn since(self, before: ErrorCounts) -> Option<ErrorCounts> {
        Some(ErrorCounts {
            tries: self.tries.checked_sub(before.tries)?,
            requests: self.requests.checked_sub(before.requests)?,
            answers_5xx: self.answers_5xx.checked_sub(before.answers_5xx)?,
            connect_errors: self.connect_errors.checked_sub(before.connect_errors)?,
            response_errors: self.response_errors.checked_sub(before.response_errors)?,
            retries: self.retries.checked_sub(before.retries)?,
            redispatches: self.redispatches.checked_sub(before.redispatches)?,
        })
    }

    /// All that went wrong. A request that was tried again and failed counts with each try.
    pub fn errors(self) -> u64 {
        let parts = [
            self.answers_5xx,
            self.connect_errors,
            self.response_errors,
            self.retries,
            self.redispatches,
        ];
        parts.into_iter().fold(0, u64::saturating_add)
    }
}

/// A sum never wraps: the figures are another program's.
impl Add for ErrorCounts {
    type Output = ErrorCounts;

    fn add(self, other: ErrorCounts) -> ErrorCounts {
        ErrorCounts {
            tries: self.tries.saturating_add(other.tries),
            requests: self.requests.saturating_add(other.requests),
            answers_5xx: self.answers_5xx.saturating_add(other.answers_5xx),
            connect_errors: self.connect_errors.saturating_add(other.connect_errors),
            response_errors: self.response_errors.saturating_add(other.response_errors),
            retries: self.retries.saturating_add(other.retries),
            redispatches: self.redispatches.saturating_add(other.redispatches),
        }
    }
}

impl Sum for ErrorCounts {
    fn sum<I: Iterator<Item = ErrorCounts>>(all: I) -> ErrorCounts {
        all.fold(ErrorCounts::default(), Add::add)
    }
}

/// The counters of one backend that serves us, all of one moment and one worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackendErrors {
    /// The backend.
    pub backend: String,
    /// Those of our lines: of the one target that was asked for.
    pub ours: ErrorCounts,
    /// Those of the lines of other servers; this host's other targets are none.
    pub others: ErrorCounts,
}

#[cfg(test)]
mod tests {
    use super::ErrorCounts;

    /// Each counter is its place, so that no two can be mixed up.
    fn counts(times: u64) -> ErrorCounts {
        ErrorCounts {
            tries: 100 * times,
            requests: 90 * times,
            answers_5xx: times,
            connect_errors: 2 * times,
            response_errors: 4 * times,
            retries: 8 * times,
            redispatches: 16 * times,
        }
    }

    #[test]
    fn a_difference_and_a_sum_are_those_of_each_counter() {
        assert_eq!(counts(3).since(counts(1)), Some(counts(2)));
        assert_eq!(counts(1) + counts(2), counts(3));
        assert_eq!(
            [1, 2, 3].map(counts).into_iter().sum::<ErrorCounts>(),
            counts(6)
        );
        assert_eq!(counts(1).errors(), 31);
        let most = ErrorCounts {
            retries: u64::MAX,
            ..counts(1)
        };
        assert_eq!((most + most).retries, u64::MAX);
        assert_eq!(most.errors(), u64::MAX);
    }

    /// A reload, or `clear counters`: one counter below is enough.
    #[test]
    fn a_counter_that_went_back_has_no_difference() {
        let before = counts(2);
        let less: [fn(&mut ErrorCounts); 7] = [
            |counts| counts.tries = 0,
            |counts| counts.requests = 0,
            |counts| counts.answers_5xx = 0,
            |counts| counts.connect_errors = 0,
            |counts| counts.response_errors = 0,
            |counts| counts.retries = 0,
            |counts| counts.redispatches = 0,
        ];
        for less in less {
            let mut now = counts(5);
            assert!(now.since(before).is_some());
            less(&mut now);
            assert_eq!(now.since(before), None, "{now:?}");
        }
    }
}
