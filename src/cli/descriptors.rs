//! Whether so many files may be open as an operation needs. Without, it would fail half way:
//! a check that can't be made with the gates closed, a rule that can't be listed.

use rustix::process::{Resource, getrlimit};

/// The runtime, the lock, the journal, the bus, and what a program that is run has as its
/// output. Ten were enough when it was measured; the rest is for what was not.
const OWN: usize = 21;
/// One connection, and another while HAProxy is reloaded.
const PER_BALANCER: usize = 2;
/// Open from the start, where that can't be counted: stdin, stdout, stderr.
const STANDARD: usize = 3;

/// Err: the limit of this process is too low, with the mend.
pub(super) fn check(balancers: usize) -> anyhow::Result<()> {
    let need = inherited() + OWN + PER_BALANCER * balancers;
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < need as u64 => anyhow::bail!(
            "only {limit} open files are allowed, {need} are needed; mend: in a unit \
             LimitNOFILE=1024, in a shell: ulimit -n 1024"
        ),
        _ => Ok(()),
    }
}

/// What is open already. The folder itself is open while it is read.
fn inherited() -> usize {
    let open = std::fs::read_dir("/proc/self/fd").map(|open| open.count().saturating_sub(1));
    open.unwrap_or(STANDARD)
}
