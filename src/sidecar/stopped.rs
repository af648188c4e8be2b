//! The mark of a host that the sidecar took out of rotation as it stopped. The next operation on
//! the app removes it, because that operation then explains the gates.

use crate::clock::{boot, since_1970};
use crate::report::Report;
use crate::state::StateFile;
use crate::state::hold;
use serde::{Deserialize, Serialize};
use std::path::Path;

#[derive(Debug, Serialize, Deserialize)]
struct Stopped {
    /// Seconds since 1970.
    since: u64,
    boot: String,
}

/// Marks the app if this stop `found_open` gates and has closed them, or if an earlier stop did at
/// `before` and they are closed since then. With a hold no mark is needed: the hold explains them.
pub(super) fn mark(
    state_dir: &Path,
    hold_dir: &Path,
    before: Option<u64>,
    found_open: bool,
    report: &Report,
) {
    let app = &report.app;
    let by_this = found_open.then(|| since_1970().as_secs());
    let Some(since) = by_this.or(before) else {
        return;
    };
    if !report.has_closed() || hold::now(hold_dir, app).is_some() {
        return;
    }
    let mark = Stopped {
        since,
        boot: boot(),
    };
    if let Err(error) = StateFile::Stopped.write(state_dir, app, &mark) {
        tracing::warn!(%app, %error, "`agent status` can't show why the gates are closed");
    }
}

/// When the sidecar closed the app's gates as it stopped, in seconds since 1970. None if it did
/// not, or if an operation or a reboot came after that.
pub fn took_out(state_dir: &Path, app: &str) -> Option<u64> {
    let mark: Stopped = StateFile::Stopped.read(state_dir, app).ok().flatten()?;
    (mark.boot == boot()).then_some(mark.since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Gate, Position};
    use crate::haproxy::Role;
    use crate::report::Draft;
    use crate::restart::{Outcome, PhaseTime, Verb};
    use serde_json::json;

    /// A flush, or the sidecar for an app that is sick, has closed them before.
    #[test]
    fn gates_that_were_closed_before_are_not_taken_for_this_stops() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let gate = Gate::of_web(Role::Main);
        let marked = |before, found, position| {
            let _ = StateFile::Stopped.remove(directory, "web");
            let mut draft = Draft::new(Verb::Stop, "web");
            draft.set_gates_before(std::iter::once((&gate, found)));
            draft.set_gates(std::iter::once((&gate, position)));
            draft.phases = vec![PhaseTime {
                phase: "preflight",
                start: 0.0,
                seconds: 0.0,
                acting: 0.0,
                waited_for: Vec::new(),
                output: Vec::new(),
            }];
            let report = draft.report(&Outcome::Done { note: None });
            mark(directory, directory, before, draft.any_found_open, &report);
            took_out(directory, "web")
        };
        let (open, closed) = (|| Position::Open, || Position::Closed);
        assert!(marked(None, open(), closed()).is_some());
        assert_eq!(marked(None, open(), open()), None);
        assert_eq!(marked(None, closed(), closed()), None);
        // A sidecar that stops twice, and has not opened them in between.
        assert_eq!(marked(Some(7), closed(), closed()), Some(7));
    }

    #[test]
    fn a_mark_counts_until_the_next_boot() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        assert_eq!(took_out(directory, "web"), None);
        for (boot, since) in [(boot(), Some(7)), ("another".to_owned(), None)] {
            let mark = json!({"since": 7, "boot": boot});
            StateFile::Stopped.write(directory, "web", &mark).unwrap();
            assert_eq!(took_out(directory, "web"), since, "{mark}");
        }
        std::fs::write(StateFile::Stopped.path(directory, "web"), "{").unwrap();
        assert_eq!(took_out(directory, "web"), None);
    }
}
