//! A throw-away machine with a systemd of its own, shared by the tests that run at a time.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use tempfile::TempDir;

use crate::debian_root;

/// Boots when the first test asks, is gone when the last one has let go.
pub fn shared() -> Arc<Machine> {
    static CURRENT: Mutex<Weak<Machine>> = Mutex::new(Weak::new());
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    current.upgrade().unwrap_or_else(|| {
        let machine = Arc::new(Machine::boot());
        *current = Arc::downgrade(&machine);
        machine
    })
}

pub struct Machine {
    name: String,
    shared: TempDir,
    pid: Pid,
    keeper: Option<JoinHandle<()>>,
}

impl Machine {
    pub fn boot() -> Self {
        let root = require();
        let shared = TempDir::new().unwrap();
        for folder in ["bus", "units", "work"] {
            fs::create_dir(shared.path().join(folder)).unwrap();
        }
        let unique = shared
            .path()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .replace('.', "");
        let name = format!("gate-systemd-{}-{unique}", std::process::id());
        let (pid, keeper) = keep(&name, &root, shared.path());
        let machine = Self {
            name,
            shared,
            pid,
            keeper: Some(keeper),
        };
        machine.await_bus();
        machine
    }

    /// Where its `units` and `work` are.
    pub fn folder(&self) -> &Path {
        self.shared.path()
    }

    pub fn bus(&self) -> PathBuf {
        self.folder().join("bus/system_bus_socket")
    }

    fn await_bus(&self) {
        let limit = Instant::now() + Duration::from_secs(60);
        // The file is there a moment before anybody listens.
        while UnixStream::connect(self.bus()).is_err() {
            let running = self
                .keeper
                .as_ref()
                .is_some_and(|keeper| !keeper.is_finished());
            if !running || Instant::now() > limit {
                let log = fs::read_to_string(self.folder().join("log")).unwrap_or_default();
                panic!("the machine does not boot:\n{log}");
            }
            sleep(Duration::from_millis(20));
        }
    }
}

/// Starts the machine from a thread that lives as long: the kernel ends the machine when the
/// *thread* that started it ends, however that comes about.
fn keep(name: &str, root: &Path, shared: &Path) -> (Pid, JoinHandle<()>) {
    let log = File::create(shared.join("log")).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", include_str!("machine.sh")]);
    command
        .env("name", name)
        .env("root", root)
        .env("shared", shared);
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    let (sender, started) = mpsc::channel();
    let keeper = thread::spawn(move || {
        let mut child = command.spawn().expect("sh runs");
        sender.send(Pid::from_raw(child.id() as i32)).unwrap();
        child.wait().unwrap();
    });
    (started.recv().unwrap(), keeper)
}

impl Drop for Machine {
    fn drop(&mut self) {
        let keeper = self.keeper.take().expect("dropped once");
        // Its number is taken for as long as the keeper has not waited for it.
        if !keeper.is_finished() {
            let _ = kill(self.pid, Signal::SIGKILL);
        }
        let _ = keeper.join();
        for hierarchy in ["", "systemd", "unified"] {
            remove_group(&Path::new("/sys/fs/cgroup").join(hierarchy).join(&self.name));
        }
    }
}

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

/// What is not there is a failure, with its mend: these tests never pass by skipping.
fn require() -> PathBuf {
    assert!(
        Uid::effective().is_root(),
        "tests/systemd.rs boots a machine: run it as root"
    );
    let root = debian_root::require("debian-12", "bookworm");
    let nspawn = Command::new("systemd-nspawn")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    assert!(
        nspawn.is_ok(),
        "systemd-nspawn is not there: run scripts/debian-root first"
    );
    root
}
