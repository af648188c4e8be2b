//! A machine on a host of the lab: Debian 12 with the package, booted by its own systemd, in
//! the host's network. It serves `lab-app` as `web.service`. Its disk outlives a reboot, and
//! all of it is gone with the test.

mod disk;
mod first;
mod journal;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::agent::{Ended, Running};
use super::app_dir::AppDir;
use super::keeper::Keeper;
use super::process::Process;
use super::site::Host;
use super::{built, debian_root, wait_for};

pub use disk::Disk;

/// What its programs see; that of the test is none of their business.
const ENVIRONMENT: [&str; 4] = [
    "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LANG=C.UTF-8",
    "DEBIAN_FRONTEND=noninteractive",
];

/// For a boot, on a machine that others use, too.
const BOOT: Duration = Duration::from_secs(60);

pub struct Machine {
    // First, so that nothing is in use any more when the rest is dropped.
    keeper: Keeper,
    name: String,
    group: String,
    console: PathBuf,
    pub app: AppDir,
}

impl Machine {
    /// Begins to boot from this disk, with the package installed, if one is given.
    pub fn boot(host: &Host, disk: &Disk, deb: Option<&Path>) -> Machine {
        let root = debian_root::require("debian-12+iptables", "bookworm iptables");
        let (name, group) = (host.name(), host.namespace.name.clone());
        let app = AppDir::create(host.dir.join("app"));
        disk.write(&host.dir.join("disk"));
        let console = host.dir.join("console");
        let log = File::create(&console).expect("a console");
        let mut command = Command::new("sh");
        command.args(["-c", include_str!("boot.sh")]);
        command
            .env("name", &name)
            .env("group", &group)
            .env("root", root)
            .env("network", host.namespace.path())
            .env("dir", &host.dir)
            .env("app", app.path())
            .env("program", built::lab_app())
            .env("deb", deb.unwrap_or(Path::new("")));
        command.stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a copy")).stderr(log);
        Machine {
            keeper: Keeper::start(&group, command),
            name,
            group,
            console,
            app,
        }
    }

    /// Waits until its systemd says that all that belongs to a boot was started.
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

    /// The process of its systemd, as this machine counts them: another one after a reboot.
    pub fn pid(&self) -> u32 {
        wait_for("a machine that boots", BOOT, || {
            let runs = self.keeper.is_running();
            assert!(runs, "{} has ended:\n{}", self.name, self.console());
            first::process(&self.group)
        })
    }

    /// Runs a program in it, to its end.
    pub fn run(&self, argv: &[&str]) -> Ended {
        self.start(argv).wait()
    }

    /// The same, and it must do well. Gives what it said.
    pub fn succeed(&self, argv: &[&str]) -> String {
        let ended = self.run(argv);
        let (out, err) = (&ended.out, &ended.err);
        assert_eq!(ended.exit, 0, "{argv:?} on {}:\n{out}\n{err}\n", self.name);
        ended.out
    }

    /// The same in the background.
    pub fn start(&self, argv: &[&str]) -> Running {
        let name = format!("{} on {}", argv.join(" "), self.name);
        Running::of(Process::spawn(&name, &mut self.command(argv)))
    }

    fn command(&self, argv: &[&str]) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "nsenter", "--target"]);
        command.arg(self.pid().to_string());
        command.args(["--mount", "--uts", "--ipc", "--net", "--pid", "--root"]);
        command
            .args(["--wd=/", "--", "env", "-i"])
            .args(ENVIRONMENT);
        command.args(argv);
        command
    }

    /// A file of it, as this machine reaches it.
    pub fn path(&self, inside: &str) -> PathBuf {
        let root = format!("/proc/{}/root", self.pid());
        Path::new(&root).join(inside.trim_start_matches('/'))
    }

    /// What it and its systemd said on the console.
    pub fn console(&self) -> String {
        fs::read_to_string(&self.console).unwrap_or_default()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if thread::panicking() && self.keeper.is_running() {
            eprintln!("--- {}, console\n{}", self.name, self.console());
            eprintln!("--- {}, journal\n{}", self.name, self.post_mortem());
        }
    }
}
