//! A program without a reader: the test has its stdout and stderr.

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
