//! A control group of version 2, as the kernel shows it. Version 1 counts as unknown.

use std::fs;
use std::path::{Path, PathBuf};

/// The group of all processes, which has no limit and no figures.
const ROOT: &str = "/sys/fs/cgroup";

/// One group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group(PathBuf);

/// The path of a process's group: `/system.slice/web.service`. None: it is the root, or unknown.
pub(super) fn of(pid: i32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    (path != "/").then(|| path.to_owned())
}

impl Group {
    /// By the path that systemd and the kernel name.
    pub(super) fn at(path: &str) -> Group {
        Group::below(Path::new(ROOT), path)
    }

    fn below(root: &Path, path: &str) -> Group {
        Group(root.join(path.trim_start_matches('/')))
    }

    /// The memory that it uses, without files that the kernel can drop at once. None: unknown.
    pub(super) fn used(&self) -> Option<u64> {
        let current: u64 = self.read("memory.current")?.trim().parse().ok()?;
        let stat = self.read("memory.stat")?;
        let mut lines = stat.lines().filter_map(|line| line.split_once(' '));
        let (_, droppable) = lines.find(|(key, _)| *key == "inactive_file")?;
        Some(current.saturating_sub(droppable.trim().parse().ok()?))
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
    }

    #[test]
    fn groups_below_are_part_of_it() {
        let root = tempfile::tempdir().unwrap();
        let group = Group::below(root.path(), "web");
        assert_eq!(group.members(), None);
        write(&group, &[("cgroup.procs", "7\n8\n")]);
        write(
            &Group::below(root.path(), "web/child"),
            &[("cgroup.procs", "9\n")],
        );
        assert_eq!(group.members(), Some(vec![7, 8, 9]));
    }
}
