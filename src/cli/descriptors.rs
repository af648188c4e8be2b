//! Checks that the process may open enough files for an operation. Otherwise the operation would
//! fail half way, for example at a health check with the gates closed.

use rustix::process::{Resource, getrlimit};

/// Files of the runtime, the lock, the journal, the bus, and the output of a child process. Ten
/// were enough when this was measured; the rest is a reserve.
const OWN: usize = 21;
/// One connection, and a second one while HAProxy reloads.
const PER_BALANCER: usize = 2;
/// Stdin, stdout and stderr: assumed if the open files can't be counted.
const STANDARD: usize = 3;

/// Checks the limit of this process. Err: it is too low, with the fix.
pub(super) fn check(balancers: usize) -> anyhow::Result<()> {
    let need = inherited() + OWN + PER_BALANCER * balancers;
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < need as u64 => anyhow::bail!(
            "only {limit} open files are allowed, and the agent needs {need}; fix: in a unit \
             LimitNOFILE=1024, in a shell: ulimit -n 1024"
        ),
        _ => Ok(()),
    }
}

/// The number of open files, without the directory that is open while it is read.
fn inherited() -> usize {
    let open = std::fs::read_dir("/proc/self/fd").map(|open| open.count().saturating_sub(1));
    open.unwrap_or(STANDARD)
}
