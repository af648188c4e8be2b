//! A panic's message comes out, too, where somebody reads: by the way of all that goes to
//! stderr. By default it is written there at once, and a panic waits for the reader for ever.

use crate::outbox::{self, Stream};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{PanicHookInfo, set_hook};
use std::thread;
use std::time::Duration;

/// For the reader.
const PATIENCE: Duration = Duration::from_secs(1);

/// From now on.
pub(super) fn begin() {
    set_hook(Box::new(|panic| {
        outbox::put(Stream::Err, text(panic).into_bytes(), true);
        outbox::flush(PATIENCE);
    }));
}

fn text(panic: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    let backtrace = Backtrace::capture();
    let trace = match backtrace.status() {
        BacktraceStatus::Captured => format!("{backtrace}\n"),
        _ => String::new(),
    };
    format!("agent: internal error: thread '{name}' {panic}\n{trace}")
}

#[cfg(test)]
mod tests {
    use super::begin;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    const ASKED: &str = "AGENT_TEST_PANICS";

    /// The hook is one for a whole process: this test is run again in one of its own.
    fn in_own_process() -> Command {
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.args(["a_panic_comes_out", "--nocapture"]);
        command.env(ASKED, "1").stdout(Stdio::null());
        command
    }

    #[test]
    fn a_panic_comes_out_and_waits_for_nobody() {
        if std::env::var_os(ASKED).is_some() {
            begin();
            panic!("the sky falls");
        }
        let heard = in_own_process().output().expect("this test");
        let said = String::from_utf8_lossy(&heard.stderr);
        assert!(said.contains("agent: internal error: thread "), "{said}");
        assert!(said.contains("the sky falls"), "{said}");
        assert!(!heard.status.success());

        // Nobody reads, and the pipe is full.
        let (_reader, writer) = std::io::pipe().expect("a pipe");
        let full = vec![b'.'; 4096];
        nix::fcntl::fcntl(&writer, nix::fcntl::FcntlArg::F_SETPIPE_SZ(4096)).expect("its size");
        nix::unistd::write(&writer, &full).expect("room");
        let mut unheard = in_own_process().stderr(writer).spawn().expect("this test");
        let asked = Instant::now();
        while unheard.try_wait().expect("our child").is_none() {
            let waited = asked.elapsed();
            if waited > Duration::from_secs(10) {
                unheard.kill().expect("our child");
                panic!("a panic waits for its reader");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
