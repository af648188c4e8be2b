//! All measured figures: the object that `--json` writes.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use serde::Serialize;

use crate::checks::Checks;
use crate::polls::Polls;
use crate::program::Program;
use crate::restart::Restarts;
use crate::rolls::Roll;
use crate::switch::Way;

#[derive(Debug, Serialize)]
pub struct Figures {
    pub set_up: SetUp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restarts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polls: Option<Polls>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<Checks>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolls: Option<Vec<Roll>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub switch: Option<Vec<Way>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<Program>,
}

/// The set-up, without which the figures mean little.
#[derive(Debug, Serialize)]
pub struct SetUp {
    pub kernel: String,
    pub cpus: usize,
    pub haproxy: String,
    pub agent: String,
    /// The folder of the measured agent: cargo's profile.
    pub profile: String,
}

pub fn set_up(agent: &Path) -> SetUp {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").expect("a kernel");
    let profile = agent.parent().and_then(Path::file_name).unwrap_or_default();
    SetUp {
        kernel: kernel.trim().to_owned(),
        cpus: thread::available_parallelism().map_or(1, usize::from),
        haproxy: says(Path::new("haproxy"), "-v"),
        agent: says(agent, "--version"),
        profile: profile.to_string_lossy().into_owned(),
    }
}

/// The version in the first line of its output.
fn says(program: &Path, word: &str) -> String {
    let output = Command::new(program).arg(word).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let text = String::from_utf8_lossy(&output.stdout);
    let words = text.split_whitespace();
    let version = words
        .into_iter()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    version.unwrap_or("unknown").to_owned()
}
