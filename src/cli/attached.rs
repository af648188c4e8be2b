//! Attached to who runs us, by standard input: its end is a terminal that is gone. sshd tells
//! nothing else of a lost connection where there is no terminal.

use crate::signals::StopSignal;
use nix::sys::signal::Signal;
use std::io::{self, ErrorKind, Read};
use std::time::Duration;

/// Between two looks at one that does not block.
const AGAIN: Duration = Duration::from_millis(100);

/// Asks to stop once standard input has ended; what comes over it is thrown away.
///
/// # Errors
///
/// No thread can be had for it: a read that blocks must not block anything else.
pub(super) fn hang_up_with_stdin(stop: StopSignal) -> io::Result<()> {
    let wait = move || {
        let (mut stdin, mut thrown_away) = (io::stdin().lock(), [0; 512]);
        loop {
            match stdin.read(&mut thrown_away) {
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Somebody has made it so for all who share it.
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(AGAIN),
                Ok(0) | Err(_) => break stop.ask(Signal::SIGHUP as i32),
            }
        }
    };
    let thread = std::thread::Builder::new().name("stdin".to_owned());
    thread.spawn(wait).map(drop)
}
