//! The process of this machine that is the systemd of a booted one.

use std::fs;
use std::path::Path;

use super::super::keeper::HIERARCHIES;

/// Its control group has the first process of its pid namespace, and perhaps some helpers.
pub(super) fn process(group: &str) -> Option<u32> {
    let mut groups = HIERARCHIES.iter().map(|hierarchy| {
        let group = Path::new(hierarchy).join(group);
        fs::read_to_string(group.join("payload/init.scope/cgroup.procs"))
    });
    let processes = groups.find_map(Result::ok)?;
    let mut pids = processes.lines().filter_map(|pid| pid.parse().ok());
    pids.find(|pid| is_first(*pid) == Some(true))
}

/// Whether it is the first process of its own pid namespace, and already a systemd.
fn is_first(pid: u32) -> Option<bool> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = |name| status.lines().find_map(|line| line.strip_prefix(name));
    let first = line("NSpid:")?.split_whitespace().next_back() == Some("1");
    Some(first && line("Name:")?.trim() == "systemd")
}
