//! HAProxy's lines for two targets a host: the reference's backend with other servers, main lines
//! before twins.

use std::fmt::Write;
use std::path::Path;

use super::target::{BLUE, GREEN};
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

    pub fn of(self, dir: &Path, hosts: usize) -> Reference {
        let reference = Reference::two_stage(dir);
        let at = reference.text().find("    # Main lines");
        let head = reference.text()[..at.expect("the servers")].to_owned();
        Reference::of(head + &self.servers(hosts)).with(QUICK, self.checks)
    }

    fn servers(self, hosts: usize) -> String {
        let mut text = String::new();
        let stages = [("w", 2000, ""), ("t", 3000, " backup")];
        for (name, status, backup) in &stages[..1 + usize::from(self.twins)] {
            for number in 1..=hosts {
                for (offset, target) in [BLUE, GREEN].into_iter().enumerate() {
                    let cookie = match self.cookie {
                        Cookie::PerHost => format!("w{number}"),
                        Cookie::PerTarget => format!("w{number}-{target}"),
                    };
                    writeln!(
                        text,
                        "    server {name}{number}-{target} 10.77.0.{}:{} cookie {cookie} port {}{backup}",
                        last(number),
                        1000 + offset,
                        status + offset
                    )
                    .expect("a string");
                }
            }
        }
        text
    }
}
