//! Whether a new version is steady: by HAProxy's counters, its checks and the app's health.

use super::{Figures, Settle};
use crate::haproxy::{BalancerObservation, ErrorCounts, Role};
use crate::restart::{Limits, Observation};
use std::fmt;

/// Fewer requests show nothing.
const REQUESTS: u64 = 10;

/// So few requests show something if most of them had no good answer.
const FEW: u64 = 3;

/// So many errors more than allowed are no chance. Of many requests it is twice the deviation that
/// chance makes.
const ERRORS: f64 = 2.0;

/// A single failed answer may be a slip, even if one healthy answer was enough to begin.
const ANSWERS: u32 = 2;

/// What a look says about the new version, in words with the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Its time is over, and its users' requests were answered well.
    Steady(String),
    /// Its time is over, and no request has shown how it answers: why.
    Unseen(String),
    /// Nothing is wrong so far.
    Watching(String),
    /// It must not stay.
    Sick(String),
}

impl Figures {
    /// Why these figures say nothing about the version, neither good nor bad.
    fn unseen(&self) -> Option<&'static str> {
        match (self.compared, self.ours.tries) {
            (0, _) => Some("no balancer has shown its error counters at two looks"),
            (_, 0) => Some("HAProxy sent none to the new version"),
            _ => None,
        }
    }

    /// Why these figures are too bad. Other servers may fail, too: a database is down, and the old
    /// version would be no better.
    fn too_bad(&self, settle: Settle) -> Option<String> {
        let others = match self.others.tries >= REQUESTS {
            true => share(self.others),
            false => 0.0,
        };
        let allowed = settle.errors.as_f64() + others;
        let expected = allowed * self.ours.tries as f64;
        let more = self.ours.errors() as f64 - expected;
        let is_enough = self.ours.tries >= REQUESTS || most_failed(self.ours);
        (is_enough && more >= ERRORS.max(2.0 * expected.sqrt())).then(|| {
            format!(
                "{self}; allowed are {} more than on other servers",
                settle.errors
            )
        })
    }
}

/// Most requests had no good answer. One that was only tried again is no failure.
fn most_failed(counts: ErrorCounts) -> bool {
    counts.tries >= FEW && 2 * counts.answers_5xx > counts.tries
}

/// The share of tries that failed. One try may count as several errors.
fn share(counts: ErrorCounts) -> f64 {
    let share = counts.errors() as f64 / counts.tries.max(1) as f64;
    share.min(1.0)
}

impl Observation {
    /// Judges the version that serves on `balancers`. How many failed checks are too many, HAProxy
    /// decides itself by `fall`.
    pub(in crate::restart) fn settled(&self, limits: &Limits) -> Judgement {
        let figures = self.settle.unwrap_or_default();
        let sick = down(&self.balancers)
            .or_else(|| self.fails_in_a_row(limits))
            .or_else(|| self.errs_too_often(limits));
        match sick {
            Some(why) => Judgement::Sick(why),
            None if self.in_phase < limits.settles_for() => {
                Judgement::Watching(figures.to_string())
            }
            None => match figures.unseen() {
                Some(why) => Judgement::Unseen(format!(
                    "settle saw no requests: {why}; the checks and the health were good, but nothing \
                     shows how users are answered: a longer `for` in `settle` watches for longer"
                )),
                None => Judgement::Steady(format!("settle saw {figures}")),
            },
        }
    }

    /// Why the new version counts as sick by HAProxy's counters: in this phase, or since it has users.
    pub(in crate::restart) fn errs_too_often(&self, limits: &Limits) -> Option<String> {
        let settle = limits.settle?;
        let figures = [self.settle_in_phase, self.settle];
        let mut figures = figures.into_iter().flatten();
        figures.find_map(|figures| figures.too_bad(settle))
    }

    /// Why the app counts as sick by its own answers: too many in a row have failed.
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

/// The main lines that HAProxy does not take for UP. A balancer that can't be seen shows none, and an
/// operator may hold some.
pub(in crate::restart) fn down(balancers: &[BalancerObservation]) -> Option<String> {
    let mut down = Vec::new();
    for balancer in balancers {
        let lines = balancer.lines().iter();
        let mains = lines.filter(|line| line.role == Role::Main);
        let lines = mains.filter(|line| !line.status.is_up() && !line.is_held());
        down.extend(
            lines.map(|line| format!("{} {} is {}", balancer.name, line.name, line.status)),
        );
    }
    (!down.is_empty()).then(|| format!("HAProxy shows: {}", down.join(", ")))
}

/// `230 requests, 0 errors; other servers: 460 requests, 1 error (1 answered 5xx)`.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.compared == 0 {
            return f.write_str("no balancer has shown its error counters at two looks yet");
        }
        f.write_str(&in_words(self.ours))?;
        match self.others.tries {
            0 => Ok(()),
            _ => write!(f, "; other servers: {}", in_words(self.others)),
        }
    }
}

fn in_words(counts: ErrorCounts) -> String {
    let plural = |count: u64, what: &str| match count {
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    };
    let kinds = [
        (counts.answers_5xx, "answered 5xx"),
        (counts.connect_errors, "not connected"),
        (counts.response_errors, "without a whole answer"),
        (counts.retries, "tried again"),
        (counts.redispatches, "sent to another server"),
    ];
    let kinds = kinds.into_iter().filter(|(count, _)| *count > 0);
    let kinds: Vec<String> = kinds
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let (tries, errors) = (
        plural(counts.tries, "request"),
        plural(counts.errors(), "error"),
    );
    match kinds.is_empty() {
        true => format!("{tries}, {errors}"),
        false => format!("{tries}, {errors} ({})", kinds.join(", ")),
    }
}
