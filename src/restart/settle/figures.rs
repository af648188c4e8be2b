//! HAProxy's counters of our lines while a new version is watched, beside those of the other
//! servers in the same time.

use crate::haproxy::Worker;
use std::collections::BTreeMap;

/// What HAProxy has counted on one server line since its worker began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// `req_tot`; in mode tcp `stot`.
    pub requests: u64,
    /// `hrsp_5xx`: answers from 500 to 599.
    pub answered_5xx: u64,
    /// `econ`: no connection to the server.
    pub no_connection: u64,
    /// `eresp`: no complete answer.
    pub no_answer: u64,
    /// `wretr`: retries.
    pub retries: u64,
    /// `chkfail`: failed checks while the line was UP.
    pub failed_checks: u64,
}

/// What one look at one balancer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its name.
    pub balancer: String,
    /// The worker that counted; None: not known.
    pub worker: Option<Worker>,
    /// The counters of our lines that are watched, by BACKEND/SERVER.
    pub ours: BTreeMap<String, Counters>,
    /// The counters of the lines of other hosts in the same backends.
    pub others: BTreeMap<String, Counters>,
}

/// What was counted since the watch began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// On our lines.
    pub ours: Counters,
    /// On those of other hosts.
    pub others: Counters,
    /// Balancers whose counters were seen at the last look.
    pub seen: usize,
}

/// The watch: it adds up what is counted from look to look. After a reload the counters begin at 0,
/// and the watch goes on from there.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    last: BTreeMap<String, Sample>,
    figures: Figures,
}

impl Watch {
    /// One look at the balancers that answered.
    pub fn look(&mut self, samples: Vec<Sample>) -> Figures {
        self.figures.seen = samples.len();
        for sample in samples {
            if let Some(before) = self.last.get(&sample.balancer)
                && before.worker == sample.worker
            {
                self.figures.ours.add(&before.ours, &sample.ours);
                self.figures.others.add(&before.others, &sample.others);
            }
            self.last.insert(sample.balancer.clone(), sample);
        }
        self.figures.clone()
    }
}

impl Counters {
    /// Requests that the users have noticed, or may have.
    pub fn failed(&self) -> u64 {
        self.answered_5xx + self.no_connection + self.no_answer + self.retries
    }

    fn add(&mut self, before: &BTreeMap<String, Counters>, now: &BTreeMap<String, Counters>) {
        for (line, now) in now {
            let Some(more) = before.get(line).and_then(|before| now.since(before)) else {
                continue;
            };
            self.requests += more.requests;
            self.answered_5xx += more.answered_5xx;
            self.no_connection += more.no_connection;
            self.no_answer += more.no_answer;
            self.retries += more.retries;
            self.failed_checks += more.failed_checks;
        }
    }

    /// None: a counter went back, so an operator has cleared them.
    fn since(&self, before: &Counters) -> Option<Counters> {
        Some(Counters {
            requests: self.requests.checked_sub(before.requests)?,
            answered_5xx: self.answered_5xx.checked_sub(before.answered_5xx)?,
            no_connection: self.no_connection.checked_sub(before.no_connection)?,
            no_answer: self.no_answer.checked_sub(before.no_answer)?,
            retries: self.retries.checked_sub(before.retries)?,
            failed_checks: self.failed_checks.checked_sub(before.failed_checks)?,
        })
    }
}
