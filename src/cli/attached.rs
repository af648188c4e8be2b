//! `--attached`: the end of standard input means that the caller is gone. Without a terminal sshd
//! gives no other sign of a lost connection.

use crate::signals::StopSignal;
use nix::sys::signal::Signal;
use std::io::{self, ErrorKind, Read};
use std::time::Duration;

/// The time between two reads if standard input does not block.
const AGAIN: Duration = Duration::from_millis(100);

/// Listens for signals, and with `--attached` for the end of standard input.
pub(super) fn listen(attached: bool) -> io::Result<StopSignal> {
    let stop = StopSignal::listen()?;
    if attached {
        hang_up_with_stdin(stop.clone())?;
    }
    Ok(stop)
}

/// Asks to stop once standard input has ended, and discards what it reads.
///
/// # Errors
///
/// No thread can be started for the read, which blocks.
fn hang_up_with_stdin(stop: StopSignal) -> io::Result<()> {
    let wait = move || {
        let (mut stdin, mut thrown_away) = (io::stdin().lock(), [0; 512]);
        loop {
            match stdin.read(&mut thrown_away) {
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Another process has made the shared stream non-blocking.
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(AGAIN),
                Ok(0) | Err(_) => break stop.ask(Signal::SIGHUP as i32),
            }
        }
    };
    let thread = std::thread::Builder::new().name("stdin".to_owned());
    thread.spawn(wait).map(drop)
}
