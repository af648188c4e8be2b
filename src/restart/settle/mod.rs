//! The settle time: how long a version that has just got its users is watched, and how many errors
//! it may answer with.

mod figures;
mod judgement;

pub use figures::{Figures, Watch};
pub use judgement::Judgement;
pub(super) use judgement::down;

use std::fmt;
use std::time::Duration;

/// `settle` of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settle {
    /// How long it is watched.
    pub lasts: Duration,
    /// The share of requests that may fail.
    pub errors: Share,
}

/// A share of requests, in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

impl Share {
    /// The default of `settle`.
    pub const ONE_PERCENT: Share = Share(100);

    /// Hundredths of a percent, from 0 to 10,000.
    pub fn hundredths(hundredths: u16) -> Option<Share> {
        (hundredths <= 10_000).then_some(Share(hundredths))
    }

    /// The same as a number from 0 to 1.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }
}

/// `1%`, `0.25%`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 100.0)
    }
}
