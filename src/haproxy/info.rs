//! `show info`: which worker answers.

use super::Unseen;
use crate::text::has_control;

/// The command.
pub(crate) const COMMAND: &str = "show info";

/// The worker behind the socket. Another worker may have another configuration, with other ids for
/// our lines, so they must be found again. In a container a new worker often has the pid of the old
/// one. So the start time counts, too.
#[derive(Debug, Clone)]
pub struct Info {
    /// HAProxy's version, as it says it.
    pub version: String,
    /// The worker's process id, on the balancer's host.
    pub pid: u64,
    /// How long it has run, in seconds.
    pub uptime: u64,
    /// When it started, in seconds since 1970.
    pub started: u64,
}

impl PartialEq for Info {
    /// The same worker, whenever it was asked.
    fn eq(&self, other: &Info) -> bool {
        (self.pid, self.started, &self.version) == (other.pid, other.started, &other.version)
    }
}

impl Info {
    /// Parses `Name: value` lines.
    pub fn parse(answer: &str) -> Result<Info, Unseen> {
        let value = |name: &str| {
            let of = |line: &str| {
                line.strip_prefix(name)?
                    .strip_prefix(": ")
                    .map(str::to_owned)
            };
            let missing = || Unseen::strange(COMMAND, format!("no {name} in it"));
            let printable = |value: &String| !has_control(value);
            answer
                .lines()
                .find_map(of)
                .filter(printable)
                .ok_or_else(missing)
        };
        let number = |name: &str| {
            let text = value(name)?;
            text.parse()
                .map_err(|_| Unseen::strange(COMMAND, format!("{name}: {text}")))
        };
        Ok(Info {
            version: value("Version")?,
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
        let info = Info::parse(
            "Name: HAProxy\nVersion: 2.6.12\nPid: 2741\nStart_time_sec: 1795226858\nUptime_sec: 5",
        )
        .unwrap();
        assert_eq!((info.version.as_str(), info.pid), ("2.6.12", 2741));
        assert!(Info::parse("Name: HAProxy\nVersion: 2.6.12").is_err());
        assert!(Info::parse("Version: 2.6.12\nStart_time_sec: 1\nUptime_sec: 5\nPid: x").is_err());
    }
}
