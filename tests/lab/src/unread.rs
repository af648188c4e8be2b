//! A program without a reader: the test has its stdout and stderr.

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::wait_for;

pub struct Unread(Child);

impl Unread {
    pub fn start(
        command: &mut Command,
        stdout: impl Into<Stdio>,
        stderr: impl Into<Stdio>,
    ) -> Unread {
        // A process group of its own: Ctrl-C in a terminal must reach only the lab itself.
        command.process_group(0).stdin(Stdio::null());
        command.stdout(stdout).stderr(stderr);
        Unread(command.spawn().expect("the agent"))
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.0.id().cast_signed());
        kill(pid, signal).expect("a running child");
    }

    /// Waits until it handles this signal, which would end it before.
    pub fn wait_until_it_catches(&self, signal: Signal) {
        let bit = 1 << (signal as i32 - 1);
        let path = format!("/proc/{}/status", self.pid());
        wait_for("a handler of the signal", Duration::from_secs(20), || {
            let status = fs::read_to_string(&path).expect("a running child");
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            let caught = u64::from_str_radix(caught?.trim(), 16).expect("a mask");
            (caught & bit != 0).then_some(())
        });
    }

    /// Waits for its end, and panics if that does not come in time.
    pub fn ends(&mut self, limit: Duration) -> ExitStatus {
        wait_for("its end, without a reader", limit, || {
            self.0.try_wait().expect("our child")
        })
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A pipe without room for anything more.
pub fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = io::pipe().expect("a pipe");
    let size = fcntl(&writer, FcntlArg::F_SETPIPE_SZ(4096)).expect("its size");
    let full = vec![b'.'; usize::try_from(size).expect("a size")];
    writer.write_all(&full).expect("room");
    (reader, writer)
}
