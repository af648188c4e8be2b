//! A throw-away machine with its own systemd, shared by the tests that run at the same time.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tempfile::TempDir;

use lab::machine::{self, Boot, Debian, Disk};
use lab::wait_for;

/// The first test boots it, and the last one removes it.
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
    // Before the folder that it uses: Rust drops fields in this order.
    debian: Debian,
    shared: TempDir,
}

impl Machine {
    pub fn boot() -> Self {
        let (name, shared) = machine::folder("systemd");
        for folder in ["bus", "units", "work"] {
            fs::create_dir(shared.path().join(folder)).unwrap();
        }
        let debian = Boot::new(&name, shared.path())
            .bare()
            .bind(&shared.path().join("bus"), "/run/dbus")
            .bind(&shared.path().join("units"), "/run/systemd/system")
            .bind(&shared.path().join("work"), "/work")
            .up_to("basic.target")
            .start(&Disk::quiet());
        let machine = Self { debian, shared };
        machine.await_bus();
        machine
    }

    /// The folder with `units` and `work`.
    pub fn folder(&self) -> &Path {
        self.shared.path()
    }

    pub fn bus(&self) -> PathBuf {
        self.folder().join("bus/system_bus_socket")
    }

    fn await_bus(&self) {
        self.debian.pid();
        // The file exists a moment before the bus listens.
        wait_for("its bus", Duration::from_secs(60), || {
            UnixStream::connect(self.bus()).ok()
        });
    }
}
