//! The control group of some processes, and the memory that it uses, as the kernel shows it.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of version 2, and of the memory of version 1.
const ROOTS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/memory"];
/// Only version 2 has this file there.
const OF_VERSION_2: &str = "cgroup.controllers";
/// The memory that is used, by version.
const CURRENT: [&str; 2] = ["memory.current", "memory.usage_in_bytes"];
/// The files in the page cache that the kernel can drop at once, by version.
const DROPPABLE: [&str; 2] = ["inactive_file", "total_inactive_file"];

/// One group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group(PathBuf);

/// The path of a process's group: `/system.slice/web.service`. None: the group is that of all
/// processes, or unknown.
pub(super) fn of(pid: i32) -> Option<String> {
    path_in(&fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?)
}

/// Version 1 has a line for each controller.
fn path_in(text: &str) -> Option<String> {
    let lines = || {
        text.lines()
            .filter_map(|line| line.split_once(':')?.1.split_once(':'))
    };
    let memory = lines().find(|(controllers, _)| controllers.split(',').any(|one| one == "memory"));
    let (_, path) = memory.or_else(|| lines().find(|(controllers, _)| controllers.is_empty()))?;
    (path != "/").then(|| path.to_owned())
}

impl Group {
    /// By the path that systemd and the kernel name.
    pub(super) fn at(path: &str) -> Group {
        let [second, first] = ROOTS.map(Path::new);
        match second.join(OF_VERSION_2).exists() {
            true => Group::below(second, path),
            false => Group::below(first, path),
        }
    }

    fn below(root: &Path, path: &str) -> Group {
        Group(root.join(path.trim_start_matches('/')))
    }

    /// The memory that it uses, without files that the kernel can drop at once. None: unknown.
    pub(super) fn used(&self) -> Option<u64> {
        let current = CURRENT.iter().find_map(|file| self.read(file))?;
        let stat = self.read("memory.stat")?;
        let named = |name: &str| {
            let mut lines = stat.lines().filter_map(|line| line.split_once(' '));
            lines
                .find_map(|(key, value)| (key == name).then(|| value.trim().parse::<u64>().ok())?)
        };
        // Version 1 has the other name, too: without the groups below.
        let droppable = named(DROPPABLE[1]).or_else(|| named(DROPPABLE[0]))?;
        let current: u64 = current.trim().parse().ok()?;
        Some(current.saturating_sub(droppable))
    }

    /// The processes in it and in the groups below. None: unknown.
    pub(super) fn members(&self) -> Option<Vec<i32>> {
        let mut members = Vec::new();
        for pid in self.read("cgroup.procs")?.lines() {
            members.push(pid.parse().ok()?);
        }
        for entry in fs::read_dir(&self.0).ok()?.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                members.extend(Group(entry.path()).members()?);
            }
        }
        Some(members)
    }

    fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.0.join(file)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(group: &Group, files: &[(&str, &str)]) {
        fs::create_dir_all(&group.0).unwrap();
        for (file, text) in files {
            fs::write(group.0.join(file), text).unwrap();
        }
    }

    #[test]
    fn a_path_is_that_of_the_memory() {
        for (text, path) in [
            (
                "0::/system.slice/web.service\n",
                Some("/system.slice/web.service"),
            ),
            (
                "4:cpu,memory:/web\n1:name=systemd:/other\n0::/\n",
                Some("/web"),
            ),
            ("1:name=systemd:/other\n0::/third\n", Some("/third")),
            ("0::/\n", None),
            ("4:memory:/\n0::/web\n", None),
            ("", None),
        ] {
            assert_eq!(path_in(text).as_deref(), path, "{text}");
        }
    }

    #[test]
    fn files_that_the_kernel_can_drop_do_not_count() {
        let root = tempfile::tempdir().unwrap();
        let group = Group::below(root.path(), "/web.slice/web.service");
        assert_eq!(group.used(), None);
        write(&group, &[("memory.current", "1000\n")]);
        assert_eq!(group.used(), None, "its files are unknown");
        let stat = "anon 300\nfile 700\ninactive_file 600\nactive_file 100\n";
        write(&group, &[("memory.stat", stat)]);
        assert_eq!(group.used(), Some(400));
        write(&group, &[("memory.current", "500\n")]);
        assert_eq!(group.used(), Some(0), "the figures are of two moments");
        let first = Group::below(root.path(), "first");
        let stat = "inactive_file 10\ntotal_inactive_file 600\n";
        write(
            &first,
            &[("memory.usage_in_bytes", "1000\n"), ("memory.stat", stat)],
        );
        assert_eq!(first.used(), Some(400));
    }

    #[test]
    fn groups_below_are_part_of_it() {
        let root = tempfile::tempdir().unwrap();
        let group = Group::below(root.path(), "web");
        assert_eq!(group.members(), None);
        write(&group, &[("cgroup.procs", "7\n8\n")]);
        let below = Group::below(root.path(), "web/child");
        write(&below, &[("cgroup.procs", "9\n")]);
        assert_eq!(group.members(), Some(vec![7, 8, 9]));
    }
}
