//! The peak memory and open files of the agents, measured while they run.

use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Between two looks. The kernel itself keeps the peak of the memory, and misses nothing.
const LOOK: Duration = Duration::from_millis(10);

#[derive(Clone, Default)]
pub struct Peaks(Arc<Mutex<Agents>>);

#[derive(Default)]
struct Agents {
    pids: Vec<u32>,
    peak: Peak,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Peak {
    pub kilobytes: u64,
    pub files: usize,
}

impl Peaks {
    pub fn start() -> Peaks {
        let peaks = Peaks::default();
        let seen = Arc::clone(&peaks.0);
        thread::spawn(move || {
            loop {
                seen.lock().expect("no thread panics here").look();
                thread::sleep(LOOK);
            }
        });
        peaks
    }

    /// Measures this agent until it ends.
    pub fn look_at(&self, pid: u32) {
        self.0.lock().expect("no thread panics here").pids.push(pid);
    }

    pub fn peak(&self) -> Peak {
        self.0.lock().expect("no thread panics here").peak
    }
}

impl Agents {
    fn look(&mut self) {
        let Agents { pids, peak } = self;
        pids.retain(
            |pid| match fs::read_to_string(format!("/proc/{pid}/status")) {
                Ok(status) => {
                    if is_agent(&status) {
                        peak.kilobytes = peak.kilobytes.max(high_water(&status));
                        peak.files = peak.files.max(open_files(*pid));
                    }
                    true
                }
                Err(_) => false,
            },
        );
    }
}

/// At first the process is a program that enters the namespace.
fn is_agent(status: &str) -> bool {
    status.starts_with("Name:\tagent\n")
}

/// A zombie has none.
fn high_water(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn open_files(pid: u32) -> usize {
    let files = fs::read_dir(format!("/proc/{pid}/fd"));
    files.map_or(0, Iterator::count)
}
