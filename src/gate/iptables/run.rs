//! Runs one iptables, and ends one that hangs.

use ::iptables::IPTables;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use std::error::Error;
use std::io;
use std::process::Output;

/// Blocks. The child inherits this thread's mask: Ctrl-C in a terminal reaches the whole
/// process group, and must not kill an iptables in flight.
pub(super) fn execute(program: &'static str, arguments: &str) -> io::Result<Output> {
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGINT);
    mask.add(Signal::SIGTERM);
    mask.add(Signal::SIGHUP);
    mask.thread_block()?;
    // `has_wait` would add a bare --wait, which on legacy waits for ever; `list` would
    // ignore the exit status.
    let iptables = IPTables {
        cmd: program,
        has_check: true,
        has_wait: false,
        is_numeric: false,
    };
    iptables.execute("nat", arguments).map_err(|error| {
        let other = |error: Box<dyn Error>| io::Error::other(error.to_string());
        error.downcast().map_or_else(other, |error| *error)
    })
}

/// Kills our iptables that did not answer: if it acted late, it would undo later changes. They
/// are our own children and not yet reaped, so their pids are still theirs.
pub(super) fn end_children(program: &str) {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let is_ours =
        |stat: &procfs::process::Stat| stat.ppid == own && program.starts_with(&stat.comm);
    let processes = procfs::process::all_processes()
        .into_iter()
        .flatten()
        .flatten();
    for stat in processes
        .filter_map(|process| process.stat().ok())
        .filter(is_ours)
    {
        let _ = kill(Pid::from_raw(stat.pid), Signal::SIGKILL);
    }
}

/// Status 4 is any "resource problem". Only stderr shows whether it was the lock.
pub(super) fn is_locked(output: &Output) -> bool {
    output.status.code() == Some(4) && String::from_utf8_lossy(&output.stderr).contains("lock")
}
