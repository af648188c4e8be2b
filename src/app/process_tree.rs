//! Whether a process is related to the processes that listen on the app's port.

use std::fs;

use procfs::process::{Process, Stat};

use crate::gate::{holders, holds};
use crate::text::escape;

/// What the kernel shows of a process and a port.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// It listens, or it is in the process tree that does: parent, child, group.
    Ours,
    /// No process listens.
    NoListener,
    /// Only unrelated processes listen: "NAME (pid N)".
    Others(String),
    /// It lives in another network namespace, or the kernel does not show which process listens.
    Unknown,
}

/// Looks at the process and at the listeners on `port`.
pub(super) fn relation(process: &Stat, port: u16) -> Relation {
    if !is_in_our_network(process.pid) {
        return Relation::Unknown;
    }
    if holds(process.pid, port) {
        return Relation::Ours;
    }
    let holders = holders(port);
    if holders
        .iter()
        .flatten()
        .any(|other| related(process, other))
    {
        return Relation::Ours;
    }
    match holders.as_slice() {
        [] => Relation::NoListener,
        sockets if sockets.iter().any(Vec::is_empty) => Relation::Unknown,
        sockets => {
            let first = sockets.iter().flatten().next();
            Relation::Others(first.map_or_else(String::new, named))
        }
    }
}

pub(super) fn named(stat: &Stat) -> String {
    format!("{} (pid {})", escape(&stat.comm), stat.pid)
}

/// Whether the process is in the process tree of one of these. The first process of all is in none.
pub(super) fn are_related(pid: i32, to: &[Stat]) -> bool {
    let stat = Process::new(pid).and_then(|process| process.stat());
    stat.is_ok_and(|stat| stat.pid != 1 && to.iter().any(|one| related(&stat, one)))
}

/// A supervisor is the parent of a listener, a worker its child. All processes descend from the
/// first one: if that one listens itself, it does so for an app that will start.
fn related(one: &Stat, other: &Stat) -> bool {
    one.pgrp == other.pgrp || descends(one, other.pid) || descends(other, one.pid)
}

pub(super) fn descends(process: &Stat, from: i32) -> bool {
    let parent = |stat: &Stat| {
        Process::new(stat.ppid)
            .and_then(|parent| parent.stat())
            .ok()
    };
    let mut line = std::iter::successors(Some(process.clone()), parent);
    line.any(|stat| stat.pid == from)
}

fn is_in_our_network(pid: i32) -> bool {
    let network = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
    network(&pid.to_string()) == network("self")
}
