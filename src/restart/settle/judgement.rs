//! Whether a new version is steady, by HAProxy's counters, its checks and the app's health.

use super::{Counters, Figures, Settle};
use crate::haproxy::BalancerObservation;
use crate::restart::{Limits, Observation};
use std::fmt;

/// Fewer requests show nothing.
const REQUESTS: u64 = 10;

/// So many errors more than allowed are no chance.
const ERRORS: f64 = 2.0;

/// A single failed check may be a slip. HAProxy itself decides how many turn a line DOWN.
const CHECKS: u64 = 2;

/// A single failed answer may be a slip, even if one healthy answer is enough to begin.
const ANSWERS: u32 = 2;

/// What a look says about the new version. Each in words, with the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Its time is over, and nothing was wrong.
    Steady(String),
    /// Nothing is wrong so far.
    Watching(String),
    /// It must not stay.
    Sick(String),
}

impl Figures {
    /// Why these figures are too bad. The other servers may fail, too: a database is down, and the
    /// old version would be no better.
    fn too_bad(&self, settle: Settle) -> Option<String> {
        if self.ours.failed_checks >= CHECKS {
            return Some(format!("{} failed checks", self.ours.failed_checks));
        }
        let others = match self.others.requests >= REQUESTS {
            true => self.others.share(),
            false => 0.0,
        };
        let allowed = settle.errors.as_f64() + others;
        let more = self.ours.failed() as f64 - allowed * self.ours.requests as f64;
        let enough = self.ours.requests.max(self.ours.failed()) >= REQUESTS;
        (enough && more >= ERRORS)
            .then(|| format!("{self}; allowed: {} more than the others", settle.errors))
    }
}

impl Counters {
    /// The share of requests that failed. Retries may be more than requests.
    fn share(&self) -> f64 {
        match self.requests {
            0 => 0.0,
            requests => (self.failed() as f64 / requests as f64).min(1.0),
        }
    }
}

impl Observation {
    /// Judges the version that serves on `balancers`.
    pub(in crate::restart) fn settled(&self, limits: &Limits) -> Judgement {
        let down = not_up(&self.balancers);
        let settle = limits.settle;
        let figures = self.settle.clone().unwrap_or_default();
        let sick = (!down.is_empty()).then(|| format!("HAProxy shows: {}", down.join(", ")));
        let sick = sick
            .or_else(|| self.fails_in_a_row(limits))
            .or_else(|| settle.and_then(|settle| figures.too_bad(settle)));
        match sick {
            Some(why) => Judgement::Sick(why),
            None if self.in_phase >= limits.settles_for() => Judgement::Steady(figures.to_string()),
            None => Judgement::Watching(figures.to_string()),
        }
    }

    /// The app's answers that failed in a row, once there are too many.
    pub(in crate::restart) fn fails_in_a_row(&self, limits: &Limits) -> Option<String> {
        match &self.health {
            Some(Err(why)) if self.failing >= limits.healthy_times.max(ANSWERS) => Some(format!(
                "{} unhealthy answers in a row: {why}",
                self.failing
            )),
            _ => None,
        }
    }
}

/// The lines that HAProxy no longer takes for UP, one entry each. A balancer that can't be seen
/// shows none.
pub(in crate::restart) fn not_up(balancers: &[BalancerObservation]) -> Vec<String> {
    let mut down = Vec::new();
    for balancer in balancers {
        let lines = balancer.lines().iter();
        let lines = lines.filter(|line| !line.status.is_up() && !line.is_held());
        down.extend(
            lines.map(|line| format!("{} {} is {}", balancer.name, line.name, line.status)),
        );
    }
    down
}

/// `230 requests, 0 errors; other servers: 460 requests, 1 error (1 answered 5xx)`.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seen == 0 {
            return f.write_str("no balancer shows its counters");
        }
        write!(f, "{}", self.ours)?;
        match self.others.requests {
            0 => Ok(()),
            _ => write!(f, "; other servers: {}", self.others),
        }
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        let (requests, failed) = (self.requests, self.failed());
        let (s, es) = (plural(requests), plural(failed));
        write!(f, "{requests} request{s}, {failed} error{es}")?;
        let kinds = [
            (self.answered_5xx, "answered 5xx"),
            (self.no_connection, "not connected"),
            (self.no_answer, "without an answer"),
            (self.retries, "retried"),
        ];
        let kinds = kinds.into_iter().filter(|(count, _)| *count > 0);
        let kinds: Vec<String> = kinds
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        match kinds.is_empty() {
            true => Ok(()),
            false => write!(f, " ({})", kinds.join(", ")),
        }
    }
}
