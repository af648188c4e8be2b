//! A throw-away machine with a systemd of its own, shared by the tests that run at a time.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tempfile::TempDir;

use lab::machine::{self, Boot, Debian, Disk};
use lab::wait_for;

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

    /// Where its `units` and `work` are.
    pub fn folder(&self) -> &Path {
        self.shared.path()
    }

    pub fn bus(&self) -> PathBuf {
        self.folder().join("bus/system_bus_socket")
    }

    fn await_bus(&self) {
        self.debian.pid();
        // The file is there a moment before anybody listens.
        wait_for("its bus", Duration::from_secs(60), || {
            UnixStream::connect(self.bus()).ok()
        });
    }
}
