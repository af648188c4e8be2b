//! A target whose process ends with the test. On a host of its own the processes end with the host.

use std::fs;
use std::ops::Deref;
use std::process::Command;

use super::target::Target;
use crate::complain;

#[derive(Debug)]
pub struct Owned(pub Target);

impl Deref for Owned {
    type Target = Target;

    fn deref(&self) -> &Target {
        &self.0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.path().join("log")).unwrap_or_default();
            complain(&format!("--- {}\n{log}", self.label));
        }
        let mut stop = Command::new("sh");
        stop.args(["-c", &self.stop_line()]).status().ok();
    }
}
