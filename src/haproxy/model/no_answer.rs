//! Why a look at a balancer does not show our lines.

use super::Worker;
use std::fmt;

/// A worker this young, in seconds, may be one of several that quick reloads start.
const YOUNG: u64 = 2;

/// Why a balancer does not show our lines. It never means "drained" or "up".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// The reason, in words.
    pub why: String,
    /// What to do about it. None: the reason has it.
    pub fix: Option<String>,
    /// A reload may cause it for a moment, and the next look may show the lines.
    pub may_pass: bool,
    /// HAProxy can't be asked: it is gone, or not reached from here.
    pub out_of_reach: bool,
    /// HAProxy shows everything, and our lines are missing or wrong.
    pub lacks_lines: bool,
    /// The port that a line of the app checks, and no gate of the app redirects.
    pub checks: Option<u16>,
}

impl NoAnswer {
    /// HAProxy's configuration, as this worker has it, lacks our lines or has wrong ones.
    pub fn missing(what: String, worker: Option<&Worker>) -> NoAnswer {
        NoAnswer {
            why: what,
            fix: None,
            may_pass: worker.is_some_and(|worker| worker.uptime < YOUNG),
            out_of_reach: false,
            lacks_lines: true,
            checks: None,
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        let fix = self.fix.as_ref();
        fix.map_or(Ok(()), |fix| write!(f, ": {fix}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_young_worker_may_get_the_missing_line_with_the_next_reload() {
        let worker = |uptime| Worker {
            version: "2.6.12".to_owned(),
            pid: 7,
            uptime,
            started: 0,
        };
        let may_pass = |worker: Option<Worker>| {
            NoAnswer::missing("no server line".to_owned(), worker.as_ref()).may_pass
        };
        assert!(may_pass(Some(worker(0))) && may_pass(Some(worker(1))));
        assert!(!may_pass(Some(worker(2))) && !may_pass(None));
    }
}
