//! The life of a booted machine: it has its own control group, and ends with the process that
//! booted it, for any reason.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

#[derive(Debug)]
pub struct Keeper {
    group: String,
    pid: Pid,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the machine from a thread that lives as long: the kernel ends the machine when
    /// the *thread* that started it ends.
    pub fn start(group: &str, mut command: Command) -> Keeper {
        let (sender, started) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut child = command.spawn().expect("sh runs");
            sender.send(Pid::from_raw(child.id() as i32)).unwrap();
            child.wait().unwrap();
        });
        Keeper {
            group: group.to_owned(),
            pid: started.recv().unwrap(),
            thread: Some(thread),
        }
    }

    pub fn is_running(&self) -> bool {
        let thread = self.thread.as_ref();
        thread.is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Its number is taken for as long as the thread has not waited for it.
        if self.is_running() {
            let _ = kill(self.pid, Signal::SIGKILL);
        }
        let _ = self.thread.take().expect("dropped once").join();
        remove_groups(&self.group);
    }
}

/// Removes the control groups of that name, which the machine's script created.
pub fn remove_groups(name: &str) {
    for hierarchy in HIERARCHIES {
        remove_group(&Path::new(hierarchy).join(name));
    }
}

/// The names of all top-level control groups of this machine.
pub fn groups() -> Vec<String> {
    let hierarchies = HIERARCHIES
        .iter()
        .filter_map(|path| fs::read_dir(path).ok());
    let entries = hierarchies.flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.collect()
}

/// The hierarchies of control groups in either version. boot.sh has the same list.
pub const HIERARCHIES: [&str; 3] = [
    "/sys/fs/cgroup",
    "/sys/fs/cgroup/systemd",
    "/sys/fs/cgroup/unified",
];

/// The kernel may need a moment until the last process has left.
fn remove_group(group: &Path) {
    let limit = Instant::now() + Duration::from_secs(5);
    while group.exists() && Instant::now() < limit {
        for inner in fs::read_dir(group).into_iter().flatten().flatten() {
            if inner.file_type().is_ok_and(|kind| kind.is_dir()) {
                remove_group(&inner.path());
            }
        }
        if fs::remove_dir(group).is_err() {
            sleep(Duration::from_millis(20));
        }
    }
}
