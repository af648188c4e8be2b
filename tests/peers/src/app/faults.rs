//! What is wrong with the app: a test sets it by files in the app's folder. It ends by itself when the
//! folder goes, because an app that a start command started is no child of the lab.

use std::fs;
use std::io;
use std::process;
use std::str::FromStr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Boot;

impl Boot {
    /// Its health check fails.
    pub fn is_sick(&self) -> bool {
        self.dir.join("sick").exists()
    }

    /// It ends before it listens.
    pub fn refuse_to_start(&self) -> io::Result<()> {
        match self.dir.join("refuses").exists() {
            true => Err(io::Error::other("this version does not start")),
            false => Ok(()),
        }
    }

    /// Milliseconds from a boot to listening, if a test set them.
    pub fn cold_time(&self) -> Option<u64> {
        self.set("cold-ms")
    }

    /// A pause before each answer to a user.
    pub fn pause(&self) -> Duration {
        Duration::from_millis(self.set("slow-ms").unwrap_or_default())
    }

    /// One request in so many fails, perhaps at one path only, and this is one of them.
    pub fn fails(&self, path: &str) -> bool {
        let Some(one_in) = self.set::<u64>("fails-one-in") else {
            return false;
        };
        if self.set::<String>("fails-at").is_some_and(|at| at != path) {
            return false;
        }
        self.asked.fetch_add(1, Ordering::Relaxed) % one_in == one_in - 1
    }

    /// Ends the app soon after a test removed its folder.
    pub async fn end_with_the_folder(&'static self) {
        while self.dir.exists() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        process::exit(0);
    }

    fn set<T: FromStr>(&self, file: &str) -> Option<T> {
        let text = fs::read_to_string(self.dir.join(file)).ok()?;
        text.trim().parse().ok()
    }
}
