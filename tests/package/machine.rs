//! A throw-away Debian 12 that its own systemd has booted, in a network of its own.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::debian_root;
use crate::keeper::{HIERARCHIES, Keeper};

pub struct Machine {
    // First, so that nothing is in use any more when the rest is dropped.
    keeper: Keeper,
    name: String,
    shared: TempDir,
}

/// What comes at its own times, or asks a network that is not there.
const MASKED: [&str; 6] = [
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "console-getty.service",
    "systemd-resolved.service",
];

impl Machine {
    /// Boots with these files beside Debian's, and waits until that is done.
    pub fn boot(files: &[(&str, &str)]) -> Machine {
        let root = debian_root::require("debian-12+iptables", "bookworm iptables");
        let shared = TempDir::new().unwrap();
        fs::create_dir(shared.path().join("work")).unwrap();
        let disk = shared.path().join("disk");
        // A journal that outlives a reboot.
        fs::create_dir_all(disk.join("var/log/journal")).unwrap();
        fs::create_dir_all(disk.join("etc/systemd/system")).unwrap();
        for unit in MASKED {
            symlink("/dev/null", disk.join("etc/systemd/system").join(unit)).unwrap();
        }
        for (path, text) in files {
            let path = disk.join(path.trim_start_matches('/'));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let unique = shared.path().file_name().unwrap().to_string_lossy();
        let name = format!("gate-package-{}", unique.replace('.', ""));
        let console = File::create(shared.path().join("console")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", include_str!("machine.sh")]);
        command.env("name", &name).env("root", root);
        command.env("shared", shared.path()).stdin(Stdio::null());
        command.stdout(console.try_clone().unwrap()).stderr(console);
        let keeper = Keeper::start(&name, command);
        let machine = Machine {
            keeper,
            name,
            shared,
        };
        machine.wait_until_booted();
        machine
    }

    /// The folder that it has as `/work`.
    pub fn work(&self) -> PathBuf {
        self.shared.path().join("work")
    }

    /// What its programs have written to `/work/log` so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.work().join("log")).unwrap_or_default()
    }

    /// Runs a script in it, which must end well, and gives what that said on stdout.
    pub fn sh(&self, script: &str) -> String {
        let ran = self.run(script);
        let (out, err) = (text(&ran.stdout), text(&ran.stderr));
        assert!(
            ran.status.success(),
            "{script}: {}\n{out}\n{err}",
            ran.status
        );
        out
    }

    pub fn run(&self, script: &str) -> Output {
        let pid = self
            .first_process()
            .expect("a machine that runs")
            .to_string();
        let mut command = Command::new("nsenter");
        command.args([
            "--target", &pid, "--mount", "--uts", "--ipc", "--net", "--pid",
        ]);
        command.args(["--root", "--wdns=/", "--", "env", "-i", "LANG=C.UTF-8"]);
        command.args([
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND=noninteractive",
        ]);
        command.args(["sh", "-euc", script]).current_dir("/");
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Reboots it, and waits until that is done.
    pub fn reboot(&self) {
        let before = self.first_process();
        self.sh("systemctl reboot");
        self.wait("a reboot", || self.first_process() != before);
        self.wait_until_booted();
    }

    fn wait_until_booted(&self) {
        self.wait("a first process", || self.first_process().is_some());
        let asked = || self.run("systemctl is-system-running --wait").stdout;
        self.wait("a boot", || text(&asked()).trim() == "running");
    }

    /// Waits until that is so, which it must be in time.
    pub fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let limit = Instant::now() + Duration::from_secs(60);
        while !is_so() {
            if !self.keeper.is_running() || Instant::now() > limit {
                let console = fs::read_to_string(self.shared.path().join("console"));
                panic!(
                    "no {what}:\n{}\n{}",
                    self.log(),
                    console.unwrap_or_default()
                );
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// In its group are the first process of its pid namespace, and perhaps helpers of it.
    fn first_process(&self) -> Option<u32> {
        let mut groups = HIERARCHIES.iter().map(|hierarchy| {
            let group = Path::new(hierarchy).join(&self.name);
            fs::read_to_string(group.join("payload/init.scope/cgroup.procs"))
        });
        let processes = groups.find_map(Result::ok)?;
        let mut pids = processes.lines().filter_map(|pid| pid.parse().ok());
        pids.find(|pid| is_first(*pid) == Some(true))
    }
}

/// Whether it is the first process of its own pid namespace, and a systemd by now.
fn is_first(pid: u32) -> Option<bool> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = |name| status.lines().find_map(|line| line.strip_prefix(name));
    let first = line("NSpid:")?.split_whitespace().next_back() == Some("1");
    Some(first && line("Name:")?.trim() == "systemd")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
