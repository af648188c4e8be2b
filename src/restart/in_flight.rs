//! The drain verdict: the requests in flight on current workers and on leaving ones.
//!
//! A leaving worker finishes its requests after a reload. The stats socket belongs to the new
//! worker and shows nothing of them. The master CLI shows them if the configuration names it. If
//! not, connections are counted: see [`Connections`](super::Connections).

use super::{Count, Counted, Observation};
use crate::haproxy::{Leaving, Role, ServerLine};

impl Observation {
    /// What is in flight on lines that must drain (all but the classic twin).
    pub fn in_flight(&self) -> Vec<String> {
        self.lines_where(
            |line| line.role != Role::ClassicTwin && line.in_flight > 0,
            carries,
        )
    }

    /// What the classic twins carry. They can't be shed, so a restart reports it and does not wait. A
    /// switch waits: it leaves the target running that can't be drained.
    pub fn on_classic_twins(&self) -> Vec<String> {
        self.lines_where(
            |line| line.role == Role::ClassicTwin && line.in_flight > 0,
            carries,
        )
    }

    /// What leaving workers still carry. No gate can take it from them.
    pub fn leaving_load(&self) -> Counted {
        let by_master = self.on_leaving_workers();
        let by_count = match &self.connections {
            None => Counted::All,
            Some(Err(why)) => Counted::Left(vec![why.clone()]),
            Some(Ok(connections)) => connections.counted(Count::at(&self.balancers)),
        };
        match by_count {
            Counted::Left(more) => Counted::Left([by_master, more].concat()),
            _ if !by_master.is_empty() => Counted::Left(by_master),
            counted => counted,
        }
    }

    /// HAProxy's count and the kernel's are compared.
    pub(super) fn counts_connections(&self) -> bool {
        match &self.connections {
            None => false,
            Some(Ok(connections)) => !connections.by_parked_port,
            Some(Err(_)) => true,
        }
    }

    fn on_leaving_workers(&self) -> Vec<String> {
        let mut notices = Vec::new();
        for balancer in &self.balancers {
            for Leaving {
                pid,
                line,
                in_flight,
                mode,
            } in balancer.leaving()
            {
                let (name, carried) = (&balancer.name, mode.in_flight(*in_flight));
                notices.push(format!(
                    "{name} {line} has {carried} on its leaving worker {pid}"
                ));
            }
        }
        notices
    }
}

fn carries(line: &ServerLine) -> String {
    format!("{} has {}", line.name, line.mode.in_flight(line.in_flight))
}
