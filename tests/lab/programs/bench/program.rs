//! The program by itself: its starts, its memory, its size.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde::Serialize;

use crate::spread::Spread;
use lab::fleet::Fleet;
use lab::namespace;
use lab::peak::Peaks;

/// Milliseconds for `agent status`.
const AIM: f64 = 30.0;

#[derive(Debug, Serialize)]
pub struct Program {
    pub times: usize,
    /// `agent --version`, from start to end.
    pub version_ms: Spread,
    /// `agent status` of a healthy host.
    pub status_ms: Spread,
    pub aim_ms: f64,
    pub met: bool,
    /// The peak memory of `agent restart` (VmHWM).
    pub restart_kilobytes: u64,
    /// `agent run`, after so many seconds.
    pub run_kilobytes: u64,
    pub run_seconds: u64,
    pub bytes: u64,
}

pub fn measure(agent: &Path, quick: bool) -> Program {
    let (times, run_seconds) = if quick { (10, 5) } else { (40, 30) };
    eprintln!("the program's starts, memory and size");
    let fleet = Fleet::quick("bench", |reference| reference);
    let configured = fleet.agent(1, |settings| settings);
    let network = fleet.host(1).namespace.path();
    let (version, status) = namespace::inside(&network, || {
        let version = || {
            Command::new(agent)
                .arg("--version")
                .stdout(Stdio::null())
                .status()
        };
        let status = || {
            let mut command = Command::new(agent);
            configured.asked(&mut command, &["status", "web"]);
            command.stdout(Stdio::null()).status()
        };
        (timed(times, version), timed(times, status))
    })
    .expect("a namespace");
    let configured = configured.installed_at(agent);
    let restart = Peaks::start();
    let running = configured.start("restart", "web");
    restart.look_at(running.pid());
    running.wait().expect_exit(0);
    let run = Peaks::start();
    let running = configured.start_sidecar();
    run.look_at(running.pid());
    thread::sleep(Duration::from_secs(run_seconds));
    let run_kilobytes = run.peak().kilobytes;
    running.interrupt(Signal::SIGTERM);
    running.wait().expect_exit(0);
    Program {
        times,
        version_ms: version,
        status_ms: status,
        aim_ms: AIM,
        met: status.median <= AIM,
        restart_kilobytes: restart.peak().kilobytes,
        run_kilobytes,
        run_seconds,
        bytes: fs::metadata(agent).expect("the agent").len(),
    }
}

/// Milliseconds from start to end.
fn timed(times: usize, run: impl Fn() -> std::io::Result<std::process::ExitStatus>) -> Spread {
    Spread::of((0..times).map(|_| {
        let started = Instant::now();
        let status = run().expect("the agent starts");
        assert!(status.success(), "the agent: {status}");
        started.elapsed().as_secs_f64() * 1000.0
    }))
}
