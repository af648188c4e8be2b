//! `show info`: which worker answers.

use super::{Unseen, Worker};
use crate::text::escape;

/// The command.
pub(crate) const COMMAND: &str = "show info";

impl Worker {
    /// Parses `Name: value` lines.
    pub fn parse(answer: &str) -> Result<Worker, Unseen> {
        let value = |name: &str| {
            let of = |line: &str| {
                line.strip_prefix(name)?
                    .strip_prefix(": ")
                    .map(str::to_owned)
            };
            let missing = || Unseen::strange(COMMAND, format!("no {name} in it"));
            answer.lines().find_map(of).ok_or_else(missing)
        };
        let number = |name: &str| {
            let text = value(name)?;
            text.parse()
                .map_err(|_| Unseen::strange(COMMAND, format!("{name}: {text}")))
        };
        Ok(Worker {
            version: escape(&value("Version")?),
            pid: number("Pid")?,
            uptime: number("Uptime_sec")?,
            started: number("Start_time_sec")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_version_and_pid_and_nothing_less() {
        let info = Worker::parse(
            "Name: HAProxy\nVersion: 2.6.12\nPid: 2741\nStart_time_sec: 1795226858\nUptime_sec: 5",
        )
        .unwrap();
        assert_eq!((info.version.as_str(), info.pid), ("2.6.12", 2741));
        assert!(Worker::parse("Name: HAProxy\nVersion: 2.6.12").is_err());
        assert!(
            Worker::parse("Version: 2.6.12\nStart_time_sec: 1\nUptime_sec: 5\nPid: x").is_err()
        );
    }
}
