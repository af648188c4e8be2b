//! What is kept of one look at one balancer.

use crate::haproxy::{BalancerObservation, Role, ServerLine, Status};

/// The part of an observation that the history shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Look {
    pub(super) name: String,
    pub(super) reloaded: bool,
    /// Err: why our lines could not be seen.
    pub(super) lines: Result<Vec<LineLook>, String>,
}

/// One line of ours.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LineLook {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) status: Status,
    pub(super) in_flight: u64,
    pub(super) sessions: u64,
}

impl Look {
    /// Another worker answers, or the balancer shows other words than it did `before`.
    pub(super) fn is_change(&self, before: &Look) -> bool {
        self.reloaded || self.words() != before.words()
    }

    fn words(&self) -> Result<Vec<(&str, &Status)>, &String> {
        let lines = self.lines.as_ref()?.iter();
        Ok(lines
            .map(|line| (line.name.as_str(), &line.status))
            .collect())
    }
}

impl From<&BalancerObservation> for Look {
    fn from(balancer: &BalancerObservation) -> Look {
        let lines = balancer.answer.as_ref().map_err(ToString::to_string);
        Look {
            name: balancer.name.clone(),
            reloaded: balancer.reloaded,
            lines: lines.map(|answer| answer.lines.iter().map(LineLook::from).collect()),
        }
    }
}

impl From<&ServerLine> for LineLook {
    fn from(line: &ServerLine) -> LineLook {
        LineLook {
            name: line.name.clone(),
            role: line.role,
            status: line.status.clone(),
            in_flight: line.in_flight,
            sessions: line.sessions,
        }
    }
}
