//! A Debian machine that boots or has booted: what every test may ask of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::super::agent::{Ended, Running};
use super::super::keeper::Keeper;
use super::super::wait_for;
use super::first;
use crate::complain;

/// The environment of its programs, independent of that of the test.
const ENVIRONMENT: [&str; 4] = [
    "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LANG=C.UTF-8",
    "DEBIAN_FRONTEND=noninteractive",
];

/// For a boot, also on a busy machine.
const BOOT: Duration = Duration::from_secs(120);

pub struct Debian {
    pub(super) keeper: Keeper,
    pub(super) name: String,
    pub(super) group: String,
    pub(super) console: PathBuf,
}

impl Debian {
    /// Waits until its systemd reports that the boot is complete.
    pub fn wait_until_booted(&self) {
        self.pid();
        let asked = || self.run(&["systemctl", "is-system-running", "--wait"]);
        let state = wait_for("a machine that runs", BOOT, || {
            let state = asked().out.trim().to_owned();
            // Its bus may not be there yet, or no longer.
            ["running", "degraded"]
                .contains(&state.as_str())
                .then_some(state)
        });
        if state != "running" {
            let failed = self.run(&["systemctl", "--failed", "--no-legend"]).out;
            panic!("{} has booted, but for\n{failed}", self.name);
        }
    }

    /// Reboots it, until another systemd has begun.
    pub fn reboot(&self) {
        self.reboot_by(&["systemctl", "reboot"]);
    }

    /// Reboots it by another command.
    pub fn reboot_by(&self, command: &[&str]) {
        let first = self.pid();
        self.succeed(command);
        wait_for("another systemd", BOOT, || {
            (self.pid() != first).then_some(())
        });
    }

    /// The pid of its systemd on this machine: another one after a reboot.
    pub fn pid(&self) -> u32 {
        wait_for("a machine that boots", BOOT, || {
            assert!(self.keeper.is_running(), "{} has ended", self.name);
            first::process(&self.group)
        })
    }

    /// Runs a program in it, to its end.
    pub fn run(&self, argv: &[&str]) -> Ended {
        self.start(argv).wait()
    }

    /// Runs a program in it, which must succeed. Returns its output.
    pub fn succeed(&self, argv: &[&str]) -> String {
        let ended = self.run(argv);
        let (out, err) = (&ended.out, &ended.err);
        assert_eq!(ended.exit, 0, "{argv:?} on {}:\n{out}\n{err}\n", self.name);
        ended.out
    }

    /// Starts a program in it, in the background.
    pub fn start(&self, argv: &[&str]) -> Running {
        let name = format!("{} on {}", argv.join(" "), self.name);
        Running::start(&name, &mut within(self.pid(), argv))
    }

    /// A file of it, by its path on this machine.
    pub fn path(&self, inside: &str) -> PathBuf {
        let root = format!("/proc/{}/root", self.pid());
        Path::new(&root).join(inside.trim_start_matches('/'))
    }

    /// The console, with the text of the machine and its systemd.
    pub fn console(&self) -> String {
        fs::read_to_string(&self.console).unwrap_or_default()
    }

    /// The end of its journal, if it still answers.
    fn post_mortem(&self) -> Option<String> {
        let journal = ["journalctl", "-q", "-o", "short-unix", "-n", "200"];
        let said = within(first::process(&self.group)?, &journal).output();
        Some(String::from_utf8_lossy(&said.ok()?.stdout).into_owned())
    }
}

/// A program in the machine of this systemd.
fn within(systemd: u32, argv: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "nsenter", "--target"]);
    command.arg(systemd.to_string());
    command.args(["--mount", "--uts", "--ipc", "--net", "--pid", "--root"]);
    command
        .args(["--wdns=/", "--", "env", "-i"])
        .args(ENVIRONMENT);
    command.args(argv);
    command
}

impl Drop for Debian {
    fn drop(&mut self) {
        if thread::panicking() {
            complain(&format!("--- {}, console\n{}", self.name, self.console()));
            let journal = self.post_mortem().unwrap_or_default();
            complain(&format!("--- {}, journal\n{journal}", self.name));
        }
    }
}
