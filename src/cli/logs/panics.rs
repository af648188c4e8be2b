//! Sends the message of a panic through the outbox of stderr. By default Rust writes it directly,
//! and a panic waits forever for a reader that does not read.

use crate::outbox::{self, Stream};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{PanicHookInfo, set_hook};
use std::thread;
use std::time::Duration;

/// The longest wait for the reader.
const PATIENCE: Duration = Duration::from_secs(1);

/// Installs the panic hook.
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

    /// A process has one panic hook, so this test runs again in a process of its own.
    fn in_own_process() -> Command {
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.args(["a_panic_comes_out", "--nocapture"]);
        command.env(ASKED, "1").stdout(Stdio::null());
        command
    }

    #[test]
    fn a_panic_comes_out_and_does_not_wait_for_a_reader() {
        if std::env::var_os(ASKED).is_some() {
            begin();
            panic!("the sky falls");
        }
        let heard = in_own_process().output().expect("this test");
        let said = String::from_utf8_lossy(&heard.stderr);
        assert!(said.contains("agent: internal error: thread "), "{said}");
        assert!(said.contains("the sky falls"), "{said}");
        assert!(!heard.status.success());

        // The pipe is full, and no process reads it.
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
