//! The folder of a `lab-app`. Its journal has each boot, its first healthy answer and its stop.
//! Files in the folder control its cold time and its health.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::wait_for;

#[derive(Debug)]
pub struct AppDir(PathBuf);

impl AppDir {
    pub fn create(path: PathBuf) -> AppDir {
        fs::create_dir_all(&path).expect("a folder for the app");
        AppDir(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn wait_until_warm(&self) {
        wait_for("a warm app", Duration::from_secs(10), || {
            self.entries("warm").pop()
        });
    }

    /// The pidfile of the app.
    pub fn pidfile(&self) -> PathBuf {
        self.0.join("pid")
    }

    /// When it first listened after the last boot.
    pub fn warm(&self) -> Option<f64> {
        self.at("warm", &self.boots().pop()?)
    }

    /// Waits until it listens after its last boot.
    pub fn wait_until_listening(&self) {
        wait_for("an app that listens", Duration::from_secs(20), || {
            self.warm()
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
        self.at("healthy", &self.boots().pop()?)
    }

    /// When this boot of it began to stop.
    pub fn stopped(&self, boot: &str) -> Option<f64> {
        self.at("stop", boot)
    }

    /// How many requests for `/slow` it has begun to answer, in all its boots.
    pub fn late_requests(&self) -> usize {
        self.entries("asked").len()
    }

    /// Lets its health check fail, or succeed again.
    pub fn set_sick(&self, sick: bool) {
        let flag = self.0.join("sick");
        match sick {
            true => fs::write(flag, "").expect("a flag"),
            false if flag.exists() => fs::remove_file(flag).expect("no flag"),
            false => {}
        }
    }

    /// It answers status 500 to one request of users in so many.
    pub fn fail_one_in(&self, requests: u64) {
        fs::write(self.0.join("fails-one-in"), requests.to_string()).expect("a flag");
    }

    /// It does so only to requests of this path.
    pub fn fail_only_at(&self, path: &str) {
        fs::write(self.0.join("fails-at"), path).expect("a flag");
    }

    /// Healthy until its next start, as after a broken upgrade: for an app that a
    /// [`Remote`](super::remote::Remote) has as a service.
    pub fn set_sick_after_restart(&self) {
        fs::write(self.0.join("sick-next"), "").expect("a flag");
    }

    /// The cold time after its next boot.
    pub fn set_cold(&self, cold: Duration) {
        let millis = cold.as_millis().to_string();
        fs::write(self.0.join("cold-ms"), millis).expect("a cold time");
    }

    /// When this boot first wrote the word.
    fn at(&self, word: &str, boot: &str) -> Option<f64> {
        let entries = self.entries(word).into_iter();
        entries
            .filter(|(_, id)| id == boot)
            .map(|(at, _)| at)
            .next()
    }

    /// Journal lines are `TIME WORD BOOT`.
    fn entries(&self, word: &str) -> Vec<(f64, String)> {
        let journal = fs::read_to_string(self.0.join("journal")).unwrap_or_default();
        let lines = journal.lines().map(|line| line.split(' ').collect());
        let ours = lines.filter(|parts: &Vec<&str>| parts.len() == 3 && parts[1] == word);
        ours.map(|parts| (parts[0].parse().expect("a time"), parts[2].to_owned()))
            .collect()
    }
}
