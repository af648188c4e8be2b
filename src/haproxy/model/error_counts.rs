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
