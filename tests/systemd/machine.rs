//! A throw-away machine with a systemd of its own, shared by the tests that run at a time.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::unistd::Uid;
use tempfile::TempDir;

use crate::debian_root;
use crate::keeper::Keeper;

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
    // Before the folder that it uses: fields are dropped in this order.
    keeper: Keeper,
    shared: TempDir,
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
        let keeper = keep(&name, &root, shared.path());
        let machine = Self { keeper, shared };
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
            if !self.keeper.is_running() || Instant::now() > limit {
                let log = fs::read_to_string(self.folder().join("log")).unwrap_or_default();
                panic!("the machine does not boot:\n{log}");
            }
            sleep(Duration::from_millis(20));
        }
    }
}

fn keep(name: &str, root: &Path, shared: &Path) -> Keeper {
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
    Keeper::start(name, command)
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
