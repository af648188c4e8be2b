//! The end of a command's output, for one line of a message.
//!
//! The command's output is a pipe that stays harmless for a process that keeps it. A restart
//! script may start an app with our pipe as its stdout. With a plain pipe the app would die of
//! SIGPIPE at its first line after the agent has ended.

use super::printed::{Live, Printed};
use crate::text::escape;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::time::timeout;

/// The agent keeps this much while the command runs.
const KEPT: usize = 4096;
/// A message shows this much of it.
const SHOWN: usize = 400;
/// A pipe holds 64 KiB, so no more than this is in it at the command's end.
const CHUNK: usize = 65536;

/// The reading end of a command's stdout and stderr, with the tail of what came.
pub(super) struct Output {
    reader: Receiver,
    /// The file description that the command has as its stdout and stderr.
    writer: File,
    chunk: Vec<u8>,
    kept: Kept,
}

/// What came so far.
struct Kept {
    tail: Vec<u8>,
    live: Live,
}

impl Kept {
    fn take(&mut self, more: &[u8]) {
        keep(&mut self.tail, more);
        self.live.more(more);
    }
}

impl Output {
    pub(super) fn new(printed: Option<Printed>) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        // Opened for reading as well, so that the pipe has a reader as long as a writer holds it.
        let path = format!("/proc/self/fd/{}", writer.as_raw_fd());
        let writer = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(Self {
            reader: Receiver::from_owned_fd(reader.into())?,
            writer,
            chunk: vec![0; CHUNK],
            kept: Kept {
                tail: Vec::new(),
                live: Live::new(printed),
            },
        })
    }

    /// An end of the pipe for the command to write to.
    pub(super) fn writer(&self) -> io::Result<File> {
        self.writer.try_clone()
    }

    /// Reads what comes, for as long as the caller polls it, so that the command never blocks.
    pub(super) async fn drain(&mut self) {
        loop {
            match self.reader.read(&mut self.chunk).await {
                Ok(read) if read > 0 => self.kept.take(&self.chunk[..read]),
                // Neither end nor error can come while we hold the writer; do not spin if it does.
                _ => std::future::pending().await,
            }
        }
    }

    /// Reads what has come and closes our ends. Also returns whether a process still holds the
    /// pipe.
    ///
    /// Waits for the end of it no longer than `patience`, because a daemon of the command may never
    /// close it. From here on a full pipe refuses that daemon's output instead of blocking the
    /// daemon.
    pub(super) async fn close(mut self, patience: Duration) -> io::Result<(Tail, Pipe)> {
        fcntl(
            &self.writer,
            FcntlArg::F_SETFL(OFlag::O_RDWR | OFlag::O_NONBLOCK),
        )?;
        drop(self.writer);
        let end = async {
            while let Ok(read @ 1..) = self.reader.read(&mut self.chunk).await {
                self.kept.take(&self.chunk[..read]);
            }
        };
        let _ = timeout(patience, end).await;
        let mut reader = File::from(self.reader.into_nonblocking_fd()?);
        let mut left = CHUNK;
        let pipe = loop {
            match reader.read(&mut self.chunk) {
                Ok(0) => break Pipe::Closed,
                Ok(read) => {
                    self.kept.take(&self.chunk[..read]);
                    left = left.saturating_sub(read);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break Pipe::Open,
                Err(error) => return Err(error),
            }
            if left == 0 {
                break Pipe::Open;
            }
        };
        let Kept { tail, live } = self.kept;
        live.end(&tail);
        Ok((Tail(tail), pipe))
    }
}

/// Whether a process has the command's output open after the command's end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pipe {
    Closed,
    Open,
}

fn keep(tail: &mut Vec<u8>, more: &[u8]) {
    tail.extend_from_slice(&more[more.len().saturating_sub(KEPT)..]);
    let surplus = tail.len().saturating_sub(KEPT);
    tail.drain(..surplus);
}

/// The end of what a command printed.
#[derive(Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    /// As one line that is safe for a terminal or a log.
    pub(super) fn line(&self) -> String {
        let text = String::from_utf8_lossy(&self.0);
        let lines: Vec<_> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let safe = escape(&lines.join(" | "));
        let surplus = safe.chars().count().saturating_sub(SHOWN);
        if surplus == 0 {
            return safe;
        }
        let end: String = safe.chars().skip(surplus).collect();
        format!("...{end}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(printed: &[u8]) -> String {
        Tail(printed.to_vec()).line()
    }

    #[test]
    fn lines_become_one() {
        assert_eq!(
            line(b"AH00526: Syntax error\r\n\n  Action failed\n"),
            "AH00526: Syntax error | Action failed"
        );
        assert_eq!(line(b""), "");
    }

    #[test]
    fn nothing_reaches_the_terminal() {
        assert_eq!(
            line(b"\x1b[2Jgone\x07\x00\xc2\x9b\xff"),
            "\\u{1b}[2Jgone\\u{7}\\0\\u{9b}\u{fffd}"
        );
        assert_eq!(line("a\u{202e}b".as_bytes()), "a\\u{202e}b");
    }

    #[test]
    fn the_end_is_kept() {
        let mut tail = Vec::new();
        for _ in 0..1000 {
            keep(&mut tail, &[b'x'; 77]);
        }
        keep(&mut tail, b"the end");
        assert_eq!(tail.len(), KEPT);
        assert!(line(&tail).starts_with("...xxx"));
        assert!(line(&tail).ends_with("xthe end"));
        assert_eq!(line(&tail).chars().count(), SHOWN + 3);
    }
}
