//! The process in a pidfile, held by a pidfd: if its number goes to another process in between,
//! that one never gets the signal.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use crate::state::permissions;
use crate::text::plain;
use nix::sys::signal::{Signal, kill};
use nix::unistd;
use procfs::process::{Process, Stat};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use thiserror::Error;
use tokio::time::{Instant, sleep};

use super::process_tree::{self, Relation, relation};

/// How often the agent looks for the end of a process.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The file's time and the process's time are from different clocks.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5);

/// Why a signal did not reach its process.
#[derive(Debug, Error)]
pub enum SignalError {
    /// The pidfile is not usable.
    #[error("pidfile {}: {reason}", path.display())]
    Pidfile {
        /// As the configuration names it.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// The system's error about it.
        kind: Option<io::ErrorKind>,
    },
    /// The process in the pidfile is gone.
    #[error("pidfile {} is stale: no process {pid} runs; start the app, or fix where it writes \
        its pid", path.display())]
    Stale {
        /// As the configuration names it.
        path: PathBuf,
        /// The number in it.
        pid: i32,
    },
    /// The pidfile's number now belongs to another process.
    #[error(
        "pidfile {} is stale: {stranger} began after it was written, and does not listen on port \
         {port}; start the app, or fix where it writes its pid",
        path.display()
    )]
    Stranger {
        /// As the configuration names it.
        path: PathBuf,
        /// "NAME (pid N)".
        stranger: String,
        /// The app's.
        port: u16,
    },
    /// The signal should have ended the process.
    #[error("process {pid} of {} still runs {limit:?} after the signal", path.display())]
    StillThere {
        /// As the configuration names it.
        path: PathBuf,
        /// The number in it.
        pid: i32,
        /// The time that it had.
        limit: Duration,
    },
    /// The kernel does not permit the signal.
    #[error("cannot signal process {pid} of {}: {reason}", path.display())]
    Refused {
        /// As the configuration names it.
        path: PathBuf,
        /// The number in it.
        pid: i32,
        /// In the kernel's words.
        reason: String,
    },
}

/// A living process from a pidfile.
#[derive(Debug)]
pub(super) struct Addressee {
    path: PathBuf,
    pid: i32,
    process: OwnedFd,
    stat: Stat,
    /// When the pidfile was written.
    written: Option<SystemTime>,
}

impl Addressee {
    /// Refuses a pidfile that others than root may write: they could choose the process that root
    /// signals.
    pub(super) fn find(pidfile: &Path) -> Result<Self, SignalError> {
        let wrong = |reason, kind| SignalError::Pidfile {
            path: pidfile.into(),
            reason,
            kind,
        };
        let unreadable = |error: io::Error| wrong(plain(&error), Some(error.kind()));
        let file = permissions::open(pidfile).map_err(unreadable)?;
        let written = file.metadata().and_then(|meta| meta.modified()).ok();
        let text = read(file).map_err(unreadable)?;
        let number = parse(&text).ok_or_else(|| wrong(garbage(&text), None))?;
        let (path, pid) = (pidfile.to_path_buf(), number.as_raw_nonzero().get());
        match pidfd_open(number, PidfdFlags::empty()) {
            Ok(process) => match living(pid) {
                Some(stat) => Ok(Self {
                    path,
                    pid,
                    process,
                    stat,
                    written,
                }),
                None => Err(SignalError::Stale { path, pid }),
            },
            Err(Errno::SRCH) => Err(SignalError::Stale { path, pid }),
            Err(error) => Err(SignalError::Refused {
                path,
                pid,
                reason: reason(error),
            }),
        }
    }

    pub(super) fn send(&self, signal: Signal) -> Result<(), SignalError> {
        let sent = match rustix::process::Signal::from_named_raw(signal as i32) {
            Some(signal) => pidfd_send_signal(&self.process, signal),
            None => Err(Errno::INVAL),
        };
        sent.map_err(|error| match error {
            Errno::SRCH => SignalError::Stale {
                path: self.path.clone(),
                pid: self.pid,
            },
            error => self.refused(reason(error)),
        })
    }

    /// Waits until the process has ended, at most `limit`. A zombie has ended.
    pub(super) async fn gone(self, limit: Duration) -> Result<(), SignalError> {
        let began = |stat: Stat| stat.starttime;
        let deadline = Instant::now() + limit;
        while living(self.pid).map(began) == Some(self.stat.starttime) {
            if Instant::now() >= deadline {
                let (path, pid) = (self.path, self.pid);
                return Err(SignalError::StillThere { path, pid, limit });
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Whether the kernel would permit the signal.
    pub(super) fn may_be_signalled(&self) -> Result<(), SignalError> {
        kill(unistd::Pid::from_raw(self.pid), None)
            .map_err(|error| self.refused(error.desc().to_lowercase()))
    }

    /// Whether it is the app on `port`, as far as known. An app may be down, or behind a proxy
    /// that listens for it. So a process that does not listen is only a notice. But one that is
    /// younger than the pidfile can't be the right one.
    pub(super) fn serves(&self, port: u16) -> Result<(), SignalError> {
        let (path, stranger) = (self.path.display(), process_tree::named(&self.stat));
        match relation(&self.stat, port) {
            Relation::NoListener | Relation::Others(_) if self.is_younger_than_the_pidfile() => {
                return Err(SignalError::Stranger {
                    path: self.path.clone(),
                    stranger,
                    port,
                });
            }
            Relation::Others(who) => tracing::warn!(
                "{path} names {stranger}, so the signal goes there, but {who} listens on port \
                 {port}: check `pidfile`"
            ),
            Relation::Ours | Relation::NoListener | Relation::Unknown => {}
        }
        Ok(())
    }

    /// The first process can't be younger: its number never goes to another one.
    fn is_younger_than_the_pidfile(&self) -> bool {
        let Ok(booted) = procfs::boot_time_secs() else {
            return false;
        };
        let running = self.stat.starttime / procfs::ticks_per_second();
        let began = UNIX_EPOCH + Duration::from_secs(booted + running);
        let is_later = |written: SystemTime| began > written + CLOCKS_DIFFER;
        self.pid != 1 && self.written.is_some_and(is_later)
    }

    pub(super) fn into_stat(self) -> Stat {
        self.stat
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid
    }

    pub(super) fn instance(&self) -> Option<String> {
        Some(format!(
            "pid {} started at tick {}",
            self.pid, self.stat.starttime
        ))
    }

    fn refused(&self, reason: String) -> SignalError {
        SignalError::Refused {
            path: self.path.clone(),
            pid: self.pid,
            reason,
        }
    }
}

fn reason(error: Errno) -> String {
    plain(&error.into())
}

/// A zombie still has its number, and swallows signals.
fn living(pid: i32) -> Option<Stat> {
    let stat = Process::new(pid).and_then(|process| process.stat()).ok()?;
    (!matches!(stat.state, 'Z' | 'X' | 'x')).then_some(stat)
}

fn read(mut pidfile: File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    pidfile.read_to_end(&mut text)?;
    Ok(text)
}

/// One positive number and nothing else, but white space around it.
fn parse(text: &[u8]) -> Option<Pid> {
    let digits = text.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Pid::from_raw(str::from_utf8(digits).ok()?.parse().ok()?)
}

fn garbage(text: &[u8]) -> String {
    match text.trim_ascii() {
        [] => "empty; the app may still be starting".to_owned(),
        text => {
            let start = String::from_utf8_lossy(&text[..text.len().min(40)]);
            format!("not a process number: {start:?}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pidfile_holds_one_positive_number() {
        for (text, pid) in [
            ("1", 1),
            ("4711\n", 4711),
            (" 12 \r\n", 12),
            ("2147483647", i32::MAX),
        ] {
            assert_eq!(
                parse(text.as_bytes()).map(|pid| pid.as_raw_nonzero().get()),
                Some(pid)
            );
        }
        for text in [
            "",
            "\n",
            "0",
            "-1",
            "+5",
            "12 13",
            "12\n13\n",
            "0x10",
            "1.0",
            "2147483648",
            "१२",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text:?}");
        }
    }
}
