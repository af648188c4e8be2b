//! The folder of a `lab-app`. Its journal has each boot, its first healthy answer, its late answers and
//! its stop. Files in the folder control its cold time, its late answers and its health.

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
        wait_for("a warm app", Duration::from_secs(20), || {
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

    /// The cold time after its next boot, or after the one that it is in.
    pub fn set_cold(&self, cold: Duration) {
        let (new, file) = (self.0.join("cold-ms.new"), self.0.join("cold-ms"));
        fs::write(&new, cold.as_millis().to_string()).expect("a cold time");
        // In one step: the app may be reading the file.
        fs::rename(new, file).expect("a cold time");
    }

    /// The late requests so far, by their paths with `ms=`.
    pub fn late_requests(&self) -> usize {
        self.entries("asked").len()
    }

    /// Waits until it has got more than so many late requests.
    pub fn wait_for_late_request_after(&self, requests: usize) {
        wait_for("a request at the app", Duration::from_secs(20), || {
            (self.late_requests() > requests).then_some(())
        });
    }

    /// Lets it answer the late request at once, or keep it waiting again.
    pub fn answer_now(&self, now: bool) {
        let flag = self.0.join("answers");
        match now {
            true => fs::write(flag, "").expect("a flag"),
            false if flag.exists() => fs::remove_file(flag).expect("no flag"),
            false => {}
        }
    }

    /// When it answered the last late request. Panics if it has one without an answer.
    pub fn answered(&self) -> f64 {
        let answered = self.entries("answered");
        assert_eq!(answered.len(), self.late_requests(), "not answered");
        answered.last().expect("a late request").0
    }

    /// By the order in its own journal: it had answered the last late request before it began to stop.
    pub fn assert_answered_before_the_stop(&self) {
        let journal = fs::read_to_string(self.0.join("journal")).unwrap_or_default();
        let words = journal.lines().filter_map(|line| line.split(' ').nth(1));
        let words: Vec<&str> = words.collect();
        let last = |wanted| words.iter().rposition(|word| *word == wanted);
        let order = last("answered").zip(last("stop"));
        let (answered, stop) = order.unwrap_or_else(|| panic!("answered, then stop: {words:?}"));
        assert!(answered < stop, "stopped before the answer: {words:?}");
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
