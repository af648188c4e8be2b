//! What HAProxy counts on our lines while a new version is watched, beside those of other hosts in
//! the same time.

use crate::haproxy::{BackendErrors, BalancerObservation, ErrorCounts, Worker};
use std::collections::BTreeMap;

/// What was counted since the watch began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// On our lines.
    pub ours: ErrorCounts,
    /// On the lines of other hosts in the same backends.
    pub others: ErrorCounts,
    /// The looks at counters that could be compared with an earlier one.
    pub compared: u32,
}

impl Figures {
    /// One more comparison: ours, and those of other hosts.
    fn and(self, (ours, others): (ErrorCounts, ErrorCounts)) -> Figures {
        Figures {
            ours: self.ours + ours,
            others: self.others + others,
            compared: self.compared.saturating_add(1),
        }
    }
}

/// The watch adds up what is counted from look to look. After a reload the counters begin at 0, and
/// the watch goes on from there.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    last: BTreeMap<(String, String), Counted>,
    figures: Figures,
    in_phase: Figures,
}

/// The counters of one backend at the last look.
#[derive(Debug, Clone)]
struct Counted {
    worker: Option<Worker>,
    errors: BackendErrors,
}

impl Watch {
    /// A phase begins: a long drain without errors must not hide those of the phase after it.
    pub fn enters_phase(&mut self) {
        self.in_phase = Figures::default();
    }

    /// What was counted since this phase began.
    pub fn in_phase(&self) -> Figures {
        self.in_phase
    }

    /// One look. A balancer that shows no counters adds nothing.
    pub fn look(&mut self, balancers: &[BalancerObservation]) -> Figures {
        for balancer in balancers {
            for errors in balancer.errors().unwrap_or_default() {
                let key = (balancer.name.clone(), errors.backend.clone());
                let now = Counted {
                    worker: balancer.worker.clone(),
                    errors: errors.clone(),
                };
                if let Some(since) = self.last.get(&key).and_then(|last| now.since(last)) {
                    self.figures = self.figures.and(since);
                    self.in_phase = self.in_phase.and(since);
                }
                self.last.insert(key, now);
            }
        }
        self.figures
    }
}

impl Counted {
    /// None: the counters began again meanwhile.
    fn since(&self, before: &Counted) -> Option<(ErrorCounts, ErrorCounts)> {
        let (now, last) = (&self.errors, &before.errors);
        let same = self.worker == before.worker;
        let since = now.ours.since(last.ours).zip(now.others.since(last.others));
        since.filter(|_| same)
    }
}
