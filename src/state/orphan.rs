//! A restart that outlives its agent: its command goes on, or the process that got the signal
//! takes its time to end. Until then a healthy answer may be the old app's. The agent notes the
//! process beside the journal before the restart begins, and forgets it when it has ended.

use crate::state::StateFile;
use procfs::process::{Process, Stat};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// What the restart began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orphan {
    /// A command is about to be run, or has been by a process that then died.
    Command {
        /// With its arguments.
        argv: Vec<String>,
        /// When the agent began, in clock ticks since the boot: the command can't be older.
        after: u64,
    },
    /// A process: the command's, or one that was asked to end.
    Process {
        /// Its number.
        pid: i32,
        /// When it began, in clock ticks since the boot, because the kernel uses numbers again.
        began: u64,
    },
}

impl Orphan {
    /// A command that is about to be run.
    pub fn command(argv: &[String]) -> Orphan {
        let own = Process::myself().and_then(|own| own.stat());
        Orphan::Command {
            argv: argv.to_vec(),
            after: own.map_or(0, |stat| stat.starttime),
        }
    }

    /// A process that runs; None: it does not.
    pub fn process(pid: i32) -> Option<Orphan> {
        let began = living(Process::new(pid).ok()?)?.starttime;
        Some(Orphan::Process { pid, began })
    }

    /// Notes it.
    pub fn note(&self, state_dir: &Path, app: &str) -> io::Result<()> {
        StateFile::Command.write(state_dir, app, self)
    }

    /// The process that still runs.
    ///
    /// # Errors
    ///
    /// The note can't be read.
    pub fn running(state_dir: &Path, app: &str) -> io::Result<Option<i32>> {
        let noted: Option<Orphan> = StateFile::Command.read(state_dir, app)?;
        Ok(noted.and_then(|noted| noted.pid()))
    }

    /// Forgets it: it has ended.
    pub fn forget(state_dir: &Path, app: &str) {
        if let Err(error) = StateFile::Command.remove(state_dir, app) {
            tracing::warn!(%error, "the note of the restart command can't be removed");
        }
    }

    fn pid(&self) -> Option<i32> {
        match self {
            Orphan::Process { pid, began } => {
                let stat = living(Process::new(*pid).ok()?)?;
                (stat.starttime == *began).then_some(*pid)
            }
            Orphan::Command { argv, after } => {
                let mut all = procfs::process::all_processes().ok()?.flatten();
                all.find_map(|process| {
                    let is_it = runs(argv, &process.cmdline().ok()?);
                    let stat = living(process).filter(|stat| is_it && stat.starttime >= *after)?;
                    Some(stat.pid)
                })
            }
        }
    }
}

/// A script's own line begins with its interpreter, and its name has become a path.
fn runs(argv: &[String], cmdline: &[String]) -> bool {
    let Some((program, arguments)) = argv.split_first() else {
        return false;
    };
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut places = (0..cmdline.len()).map(|at| cmdline[at..].split_first());
    places.any(|place| {
        place.is_some_and(|(first, rest)| name(first) == name(program) && rest == arguments)
    })
}

/// A zombie has ended.
fn living(process: Process) -> Option<Stat> {
    let stat = process.stat().ok()?;
    (!matches!(stat.state, 'Z' | 'X')).then_some(stat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_was_begun_is_found_for_as_long_as_it_runs() {
        let directory = tempfile::tempdir().unwrap();
        let running = || Orphan::running(directory.path(), "web").unwrap();
        assert_eq!(running(), None);
        // No other test has such a line, nor this one in another process.
        let argv = ["sleep".to_owned(), format!("61.{}", std::process::id())];
        let command = Orphan::command(&argv);
        command.note(directory.path(), "web").unwrap();
        let noted = std::fs::metadata(directory.path().join("web.command")).unwrap();
        assert_eq!(noted.permissions().mode() & 0o777, 0o600, "of root alone");
        assert_eq!(running(), None, "not begun");
        let mut child = std::process::Command::new(&argv[0])
            .arg(&argv[1])
            .spawn()
            .unwrap();
        let pid = child.id().cast_signed();
        // The kernel fills in the new command line a moment after it lets the parent go on.
        while std::fs::read(format!("/proc/{pid}/cmdline"))
            .unwrap()
            .is_empty()
        {
            std::thread::yield_now();
        }
        assert_eq!(running(), Some(pid), "begun, and its pid is not noted");
        Orphan::process(pid)
            .unwrap()
            .note(directory.path(), "web")
            .unwrap();
        assert_eq!(running(), Some(pid));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(running(), None);
        command.note(directory.path(), "web").unwrap();
        assert_eq!(running(), None);
        std::fs::write(directory.path().join("web.command"), "{").unwrap();
        assert!(Orphan::running(directory.path(), "web").is_err());
        Orphan::forget(directory.path(), "web");
        assert_eq!(running(), None);
    }

    #[test]
    fn a_command_is_known_by_its_line() {
        let words = |line: &str| -> Vec<String> { line.split(' ').map(str::to_owned).collect() };
        let is = |argv: &str, line: &str| runs(&words(argv), &words(line));
        assert!(is("web-restart now", "/bin/sh /usr/bin/web-restart now"));
        assert!(is("/usr/bin/web-restart", "/bin/sh /usr/bin/web-restart"));
        assert!(is("sh -c x", "sh -c x"));
        assert!(!is("web-restart now", "web-restart later"));
        assert!(!is("web-restart", "vim web-restart later"));
        assert!(!is("web-restart", "web"));
    }
}
