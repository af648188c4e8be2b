//! `lab-app` on a host: the app whose starts, cold time and health a test can steer. Its
//! journal tells each boot, its first healthy answer and its stop.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::{Table, Value};

use super::daemon::{Daemon, argv};
use super::namespace::Namespace;
use super::{built, wait_for};

#[derive(Debug)]
pub struct App {
    pub daemon: Daemon,
    dir: PathBuf,
}

impl App {
    /// Starts an app that is cold for a while after each boot.
    pub fn start(
        namespace: &Namespace,
        dir: &Path,
        name: &str,
        listen: &str,
        cold: Duration,
    ) -> App {
        let dir = dir.join(name);
        fs::create_dir_all(&dir).expect("a folder for the app");
        let program = built::lab_app().display().to_string();
        let folder = dir.display().to_string();
        let mut start = argv(&[&program, "--name", name, "--listen", listen]);
        start.extend(argv(&["--dir", &folder, "--cold-ms"]));
        start.push(cold.as_millis().to_string());
        App {
            daemon: Daemon::start(namespace, name, start, restart(&dir)),
            dir,
        }
    }

    pub fn name(&self) -> &str {
        &self.daemon.name
    }

    pub fn wait_until_warm(&self) {
        wait_for("a warm app", Duration::from_secs(10), || {
            self.entries("warm").pop()
        });
    }

    /// Waits until it has booted more than so many times.
    pub fn wait_for_boot_after(&self, boots: usize) {
        wait_for("a new boot", Duration::from_secs(20), || {
            (self.boots().len() > boots).then_some(())
        });
    }

    /// The ids of all its boots so far.
    pub fn boots(&self) -> Vec<String> {
        let entries = self.entries("boot").into_iter();
        entries.map(|(_, id)| id).collect()
    }

    /// When it answered its first healthy check after the last boot.
    pub fn first_healthy(&self) -> Option<f64> {
        let boot = self.boots().pop()?;
        let healthy = self.entries("healthy").into_iter();
        let ours = healthy.filter(|(_, id)| *id == boot);
        ours.map(|(at, _)| at).next()
    }

    /// When this boot of it began to stop.
    pub fn stopped(&self, boot: &str) -> Option<f64> {
        let stops = self.entries("stop").into_iter();
        stops.filter(|(_, id)| id == boot).map(|(at, _)| at).next()
    }

    /// Lets its health check fail, or succeed again.
    pub fn set_sick(&self, sick: bool) {
        let flag = self.dir.join("sick");
        match sick {
            true => fs::write(flag, "").expect("a flag"),
            false if flag.exists() => fs::remove_file(flag).expect("no flag"),
            false => {}
        }
    }

    /// How long it will be cold after its next boot.
    pub fn set_cold(&self, cold: Duration) {
        let millis = cold.as_millis().to_string();
        fs::write(self.dir.join("cold-ms"), millis).expect("a cold time");
    }

    /// Journal lines are `TIME WORD BOOT`.
    fn entries(&self, word: &str) -> Vec<(f64, String)> {
        let journal = fs::read_to_string(self.dir.join("journal")).unwrap_or_default();
        let lines = journal.lines().map(|line| line.split(' ').collect());
        let ours = lines.filter(|parts: &Vec<&str>| parts.len() == 3 && parts[1] == word);
        ours.map(|parts| (parts[0].parse().expect("a time"), parts[2].to_owned()))
            .collect()
    }
}

/// How the agent restarts it: gracefully, in place.
fn restart(dir: &Path) -> Value {
    let mut restart = Table::new();
    let pidfile = dir.join("pid").display().to_string();
    restart.insert("signal".into(), "SIGUSR2".into());
    restart.insert("pidfile".into(), pidfile.into());
    restart.into()
}
