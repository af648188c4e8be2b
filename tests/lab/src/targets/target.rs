//! One target: a `lab-app` that a command starts and another one stops, and the files that control
//! it. It does not stop gracefully: a request in flight at the stop is cut.

use std::fs;
use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use toml::{Table, Value};

use crate::app_dir::AppDir;
use crate::built;
use crate::daemon::argv;
use crate::namespace::Namespace;
use crate::wait_for;

pub const BLUE: &str = "blue";
pub const GREEN: &str = "green";

#[derive(Debug)]
pub struct Target {
    pub name: &'static str,
    /// As in `web1/green`.
    pub(crate) label: String,
    dir: AppDir,
    /// The last digit of its ports.
    offset: u16,
}

impl Target {
    pub fn create(host: &Path, host_name: &str, name: &'static str) -> Target {
        Target {
            name,
            label: format!("{host_name}/{name}"),
            dir: AppDir::create(host.join(name)),
            offset: u16::from(name == GREEN),
        }
    }

    pub fn port(&self) -> u16 {
        1000 + self.offset
    }

    pub fn status_port(&self) -> u16 {
        2000 + self.offset
    }

    pub fn backup_status_port(&self) -> u16 {
        3000 + self.offset
    }

    /// The key of its answers: `web1/green 2`.
    pub fn serves(&self, version: usize) -> String {
        format!("{} {version}", self.label)
    }

    /// The version of its next start.
    pub fn set_version(&self, version: usize) {
        self.set("version", version);
    }

    /// The shell line of an upgrade to this version, for `--with`.
    pub fn upgrade(&self, version: usize) -> String {
        format!("echo {version} > {}/version", self.path().display())
    }

    /// It does not start: its program ends at once.
    pub fn refuse_to_start(&self) {
        self.set("refuses", "");
    }

    /// It answers users after this pause.
    pub fn set_slow(&self, pause: Duration) {
        self.set("slow-ms", pause.as_millis());
    }

    /// `verify` fails at it.
    pub fn fail_verify(&self) {
        self.set("unverified", "");
    }

    /// Removes all faults.
    pub fn heal(&self) {
        self.set_sick(false);
        for file in ["refuses", "fails-one-in", "slow-ms", "unverified"] {
            fs::remove_file(self.path().join(file)).ok();
        }
    }

    fn set(&self, file: &str, value: impl ToString) {
        fs::write(self.path().join(file), value.to_string()).expect("a flag");
    }

    /// Its table `[app.web.target.NAME]`.
    pub fn settings(&self, twins: bool, cold: Duration) -> Value {
        let lines = [self.start_line(cold), self.stop_line()];
        self.table(twins, lines.map(|line| argv(&["sh", "-c", &line])))
    }

    /// The same with the commands that start and stop it.
    pub fn table(&self, twins: bool, [start, stop]: [Vec<String>; 2]) -> Value {
        let commands = [("start", start), ("stop", stop)];
        let commands = commands.map(|(key, argv)| (key.to_owned(), Value::from(argv)));
        let mut table = Table::new();
        let ports = [
            ("port", self.port()),
            ("status_port", self.status_port()),
            ("backup_status_port", self.backup_status_port()),
        ];
        for (key, port) in &ports[..2 + usize::from(twins)] {
            table.insert((*key).to_owned(), i64::from(*port).into());
        }
        table.insert("run".into(), Table::from_iter(commands).into());
        table.into()
    }

    /// Starts it as the agent does, and waits until it listens.
    pub fn start(&self, namespace: &Namespace, cold: Duration) {
        let boots = self.boots().len();
        namespace.run("sh", &["-c", &self.start_line(cold)]);
        self.wait_for_boot_after(boots);
        self.wait_until_listening();
    }

    /// Stops it as the agent does.
    pub fn stop(&self, namespace: &Namespace) {
        namespace.run("sh", &["-c", &self.stop_line()]);
    }

    pub fn is_running(&self) -> bool {
        let pid = fs::read_to_string(self.pidfile()).unwrap_or_default();
        let pid = pid.trim();
        // A zombie has no program any more.
        !pid.is_empty() && fs::read_link(format!("/proc/{pid}/exe")).is_ok()
    }

    pub fn wait_until_stopped(&self) {
        wait_for("a stopped target", Duration::from_secs(20), || {
            (!self.is_running()).then_some(())
        });
    }

    /// It returns before the app listens, as `systemctl start` does for most units.
    fn start_line(&self, cold: Duration) -> String {
        let (program, dir) = (built::lab_app(), self.path());
        format!(
            "exec setsid --fork {} --name {} --listen '[::]:{}' --dir {} --cold-ms {} \
             </dev/null >>{}/log 2>&1",
            program.display(),
            self.label,
            self.port(),
            dir.display(),
            cold.as_millis(),
            dir.display()
        )
    }

    /// The shell line that stops it.
    pub(super) fn stop_line(&self) -> String {
        let pidfile = self.pidfile();
        format!(
            "pid=$(cat {0} 2>/dev/null) || exit 0; kill -KILL $pid 2>/dev/null; \
             while [ -e /proc/$pid/exe ]; do sleep 0.01; done; rm -f {0}",
            pidfile.display()
        )
    }
}

/// Its journal, and the files that control its cold time and its health.
impl Deref for Target {
    type Target = AppDir;

    fn deref(&self) -> &AppDir {
        &self.dir
    }
}
