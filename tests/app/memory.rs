//! The memory that a target uses, and that the host has for a second one.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::targets::run;

/// Listens on a port, with 64 MiB of its own, in a control group of its own.
struct App {
    group: PathBuf,
    processes: Vec<Child>,
    port: u16,
}

impl App {
    fn new() -> App {
        let group = memory_groups().join(format!("haproxy-gate-test-{}", std::process::id()));
        fs::create_dir(&group).unwrap();
        let script = "my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die; \
                      my $own = 'x' x (64 << 20); $| = 1; print $s->sockport, qq(\\n); sleep 300";
        // The shell enters the group before it becomes the app.
        let enter = format!(
            "echo $$ >{}/cgroup.procs; exec perl \"$@\"",
            group.display()
        );
        let mut child = Command::new("sh")
            .args(["-c", &enter, "sh", "-MIO::Socket::INET", "-e", script])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap();
        App {
            group,
            processes: vec![child],
            port,
        }
    }

    /// Lets another process into the group.
    fn share(&mut self) {
        let mut other = Command::new("sleep");
        let other = other.arg("300").process_group(0).spawn().unwrap();
        let id = other.id().to_string();
        self.processes.push(other);
        fs::write(self.group.join("cgroup.procs"), id).unwrap();
    }

    /// Ends the process that came last.
    fn end_one(&mut self) {
        if let Some(mut child) = self.processes.pop() {
            child.kill().and_then(|()| child.wait()).unwrap();
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        while !self.processes.is_empty() {
            self.end_one();
        }
        let _ = fs::remove_dir(&self.group);
    }
}

/// The folder of groups whose memory the kernel counts.
fn memory_groups() -> PathBuf {
    let root = Path::new("/sys/fs/cgroup");
    if !root.join("cgroup.controllers").exists() {
        return root.join("memory");
    }
    fs::write(root.join("cgroup.subtree_control"), "+memory").unwrap();
    root.to_owned()
}

#[tokio::test]
async fn the_memory_of_a_group_that_only_the_app_has_is_known() {
    let mut app = App::new();
    let target = run("true", "true");
    let need = target.memory(app.port).await.unwrap();
    let mib = need.bytes >> 20;
    assert!((60..160).contains(&mib), "{mib} MiB");
    let origin = format!("the memory that the processes on port {} use now", app.port);
    assert_eq!(need.origin, origin);
    // Another process in the group: nothing shows which of the two uses the memory.
    app.share();
    assert_eq!(target.memory(app.port).await, None);
    app.end_one();
    assert!(target.memory(app.port).await.is_some());
    assert_eq!(target.memory(1).await, None, "no process listens there");
}

/// The kernel's own figure, which moves.
#[tokio::test]
async fn a_target_has_the_memory_that_the_host_has() {
    let before = free();
    let places = run("true", "true").places().await.unwrap();
    let after = free();
    assert_eq!(places.len(), 1);
    assert_eq!(places[0].name, "on this host");
    // Other programs take some and give some back meanwhile.
    let near = 512 << 20;
    let range = before.min(after).saturating_sub(near)..before.max(after) + near;
    assert!(range.contains(&places[0].bytes), "{places:?}: {range:?}");
}

fn free() -> u64 {
    let free = Command::new("free").args(["--bytes"]).output().unwrap();
    let free = String::from_utf8(free.stdout).unwrap();
    let line = free.lines().nth(1).unwrap();
    line.split_whitespace().nth(6).unwrap().parse().unwrap()
}
