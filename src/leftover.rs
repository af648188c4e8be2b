//! The restart command of an agent that was killed: it goes on by itself, and until it has
//! ended a healthy answer may still be the old app's. Its process is noted beside the journal.

use crate::state::Kept;
use procfs::process::Process;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// A restart command's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// Its number.
    pub pid: i32,
    /// When it began, in clock ticks since the boot: numbers are given again.
    pub began: u64,
}

impl Leftover {
    /// Notes the restart command of an app.
    pub fn note(state_dir: &Path, app: &str, pid: u32) -> io::Result<()> {
        let pid = pid.cast_signed();
        match began(pid) {
            Some(began) => Kept::Command.write(state_dir, app, &Leftover { pid, began }),
            None => Ok(()),
        }
    }

    /// The one that was noted, if it still runs.
    pub fn running(state_dir: &Path, app: &str) -> Option<Leftover> {
        let noted: Leftover = Kept::Command.read(state_dir, app).ok()??;
        (began(noted.pid) == Some(noted.began)).then_some(noted)
    }

    /// It has ended.
    pub fn forget(state_dir: &Path, app: &str) {
        let _ = Kept::Command.remove(state_dir, app);
    }
}

/// None: there is no such process. A zombie has ended.
fn began(pid: i32) -> Option<u64> {
    let stat = Process::new(pid).and_then(|process| process.stat()).ok()?;
    (!matches!(stat.state, 'Z' | 'X')).then_some(stat.starttime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_noted_for_as_long_as_it_runs() {
        let directory = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        Leftover::note(directory.path(), "web", child.id()).unwrap();
        let noted = Leftover::running(directory.path(), "web").unwrap();
        assert_eq!(noted.pid, child.id().cast_signed());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(Leftover::running(directory.path(), "web"), None);
        Leftover::forget(directory.path(), "web");
    }
}
