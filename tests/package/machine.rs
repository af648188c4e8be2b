//! A throw-away Debian 12 with its own systemd, in its own network.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use lab::agent::Ended;
use lab::machine::{self, Boot, Debian, Disk};
use lab::wait_for;

pub struct Machine {
    // Before the folder that it uses: Rust drops fields in this order.
    debian: Debian,
    shared: TempDir,
}

impl Machine {
    /// Boots with these files added to Debian's, and waits until the boot is complete.
    pub fn boot(files: &[(&str, &str)]) -> Machine {
        let (name, shared) = machine::folder("package");
        let work = shared.path().join("work");
        fs::create_dir(&work).unwrap();
        let disk = Disk::quiet();
        let disk = files
            .iter()
            .fold(disk, |disk, (path, text)| disk.file(path, text));
        let debian = Boot::new(&name, shared.path()).bind(&work, "/work");
        let debian = debian.start(&disk);
        debian.wait_until_booted();
        Machine { debian, shared }
    }

    /// The folder that the machine has as `/work`.
    pub fn work(&self) -> PathBuf {
        self.shared.path().join("work")
    }

    /// The text in `/work/log` so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.work().join("log")).unwrap_or_default()
    }

    /// Runs a script in the machine, which must succeed. Returns its stdout.
    pub fn sh(&self, script: &str) -> String {
        self.debian.succeed(&["sh", "-euc", script])
    }

    pub fn run(&self, script: &str) -> Ended {
        self.debian.run(&["sh", "-euc", script])
    }

    /// Reboots the machine, and waits until the boot is complete.
    pub fn reboot(&self) {
        self.debian.reboot();
        self.debian.wait_until_booted();
    }

    /// Reboots the machine by this command.
    pub fn reboot_by(&self, command: &[&str]) {
        self.debian.reboot_by(command);
        self.debian.wait_until_booted();
    }

    /// The messages of a unit so far.
    pub fn journal(&self, unit: &str) -> String {
        // The journal may not have all yet that programs have sent to it.
        self.sh(&format!(
            "journalctl --sync; journalctl -q -o cat -u {unit}"
        ))
    }

    /// Waits until the condition holds.
    pub fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        wait_for(what, Duration::from_secs(60), || is_so().then_some(()));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- log\n{}", self.log());
        }
    }
}
