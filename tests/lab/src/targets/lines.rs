//! HAProxy's lines for two targets a host: those of `haproxy/blue-green.cfg`, with twins or without,
//! and with one cookie a host or one a target.

use std::path::Path;

use crate::reference::{QUICK, Reference};
use crate::site::last;

/// Both targets of a host have one cookie, or each its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    PerHost,
    PerTarget,
}

#[derive(Debug, Clone, Copy)]
pub struct Lines {
    pub twins: bool,
    pub cookie: Cookie,
    pub checks: &'static str,
}

/// The checks for which the seconds of a switch are promised.
pub const FLOOR: &str = "inter 500ms";

impl Lines {
    pub fn without_twins() -> Lines {
        Lines {
            twins: false,
            cookie: Cookie::PerHost,
            checks: QUICK,
        }
    }

    pub fn with_twins() -> Lines {
        Lines {
            twins: true,
            ..Lines::without_twins()
        }
    }

    pub fn cookie_per_target(self) -> Lines {
        let cookie = Cookie::PerTarget;
        Lines { cookie, ..self }
    }

    pub fn checks(self, checks: &'static str) -> Lines {
        Lines { checks, ..self }
    }

    /// For so many hosts. Above the three of the reference it repeats the lines of the third one.
    pub fn of(self, dir: &Path, hosts: usize) -> Reference {
        let reference = Reference::blue_green(dir);
        let kept =
            reference
                .text()
                .lines()
                .map(|line| match line.trim_start().strip_prefix("server ") {
                    Some(server) => self.servers(server, hosts),
                    None => format!("{line}\n"),
                });
        Reference::of(kept.collect()).with(QUICK, self.checks)
    }

    fn servers(self, line: &str, hosts: usize) -> String {
        let is_third = line.starts_with("web3-") || line.starts_with("bkp3-");
        let more = (4..=hosts).filter(|_| is_third).map(|number| {
            line.replace("3-", &format!("{number}-"))
                .replace("10.77.0.13:", &format!("10.77.0.{}:", last(number)))
                .replace("cookie w3 ", &format!("cookie w{number} "))
        });
        let all = std::iter::once(line.to_owned()).chain(more);
        all.filter_map(|line| self.server(&line, hosts)).collect()
    }

    fn server(self, line: &str, hosts: usize) -> Option<String> {
        let (name, rest) = line.split_once(' ').expect("NAME ADDRESS");
        let (host, target) = name.split_once('-').expect("HOST-TARGET");
        let number = host.trim_start_matches(|one: char| !one.is_ascii_digit());
        let number: usize = number.parse().expect("the number of a host");
        if number > hosts || (rest.ends_with(" backup") && !self.twins) {
            return None;
        }
        let rest = match self.cookie {
            Cookie::PerHost => rest.to_owned(),
            Cookie::PerTarget => {
                let shared = format!("cookie w{number} ");
                rest.replace(&shared, &format!("cookie w{number}-{target} "))
            }
        };
        Some(format!("    server {name} {rest}\n"))
    }
}
