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

/// Marks the app if this stop has closed its gates. With a hold no mark is needed: the hold
/// explains them.
pub(super) fn mark((state_dir, hold_dir): (&Path, &Path), report: &Report) {
    let app = &report.app;
    if !report.has_closed() || hold::now(hold_dir, app).is_some() {
        return;
    }
    let mark = Stopped {
        since: since_1970().as_secs(),
        boot: boot(),
    };
    if let Err(error) = StateFile::Stopped.write(state_dir, app, &mark) {
        tracing::warn!(%app, %error, "`agent status` will not say why the gates are closed");
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
    use serde_json::json;

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
