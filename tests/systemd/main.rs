//! Restarts over D-Bus against a real systemd, in a machine booted from `scripts/debian-root`.
//!
//! A process has one system bus from its start on. So each test runs itself again in a process with
//! the machine's bus.

mod beside;
mod machine;
mod memory;
mod reach;
mod refusals;
mod restarts;
mod targets;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use haproxy_gate::app::{Environment, Job, Restart, RestartError, UnitError};
use zbus_systemd::systemd1::{ManagerProxy, ServiceProxy};

const BUS: &str = "DBUS_SYSTEM_BUS_ADDRESS";
const INSIDE: &str = "HAPROXY_GATE_TEST_MACHINE";
const LIMIT: Duration = Duration::from_secs(60);
const AT: Environment<'static> = Environment {
    app: "web",
    target: None,
    port: 1000,
    phase: None,
};

/// Runs the case with the machine's bus as the system bus. The case is the test of that name.
fn inside<F: Future<Output = ()>>(test: &str, case: impl FnOnce(Inside) -> F) {
    if !is_inside() {
        let machine = machine::shared();
        return again(test, machine.folder(), &machine.bus());
    }
    let folder = env::var_os(INSIDE).unwrap().into();
    let unit = test.rsplit("::").next().unwrap().replace('_', "-");
    lab::block_on(case(Inside { folder, unit }));
}

fn is_inside() -> bool {
    env::var_os(INSIDE).is_some()
}

fn again(test: &str, folder: &Path, socket: &Path) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command
        .env(INSIDE, folder)
        .env(BUS, format!("unix:path={}", socket.display()));
    let ran = command.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let passed = ran.status.success() && said.contains("test result: ok. 1 passed");
    assert!(passed, "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
}

/// What a case has in the machine: its own unit name, and access to systemd.
struct Inside {
    folder: PathBuf,
    unit: String,
}

impl Inside {
    fn unit(&self) -> String {
        format!("{}.service", self.unit)
    }

    fn restart(&self, job: Job) -> Restart {
        Restart::Systemd {
            unit: self.unit(),
            job,
        }
    }

    /// Writes the case's unit, with these lines in `[Service]`.
    fn service(&self, lines: &str) {
        self.file(&self.unit(), &format!("[Service]\n{lines}\n"));
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.folder.join("units").join(name), text).unwrap();
    }

    /// A file that the machine has as `/work/NAME`.
    fn work(&self, name: &str) -> PathBuf {
        self.folder.join("work").join(name)
    }

    /// The error about the unit, and its text.
    async fn failure(&self, job: Job, limit: Duration) -> (UnitError, String) {
        let failed = self
            .restart(job)
            .run(AT, limit)
            .await
            .expect_err("it failed");
        let said = failed.to_string();
        println!("{said}");
        match failed {
            RestartError::Unit(error) => (error, said),
            other => panic!("{other:?}"),
        }
    }

    async fn manager(&self) -> ManagerProxy<'static> {
        let bus = zbus::Connection::system().await.unwrap();
        ManagerProxy::new(&bus).await.unwrap()
    }

    async fn main_pid(&self) -> u32 {
        let manager = self.manager().await;
        let path = manager.load_unit(self.unit()).await.unwrap();
        let bus = zbus::Connection::system().await.unwrap();
        let service = ServiceProxy::builder(&bus)
            .path(path)
            .build()
            .await
            .unwrap();
        service.main_pid().await.unwrap()
    }
}
