//! Logs to stderr, or with fields to the journal if stderr is connected to it. Both have an
//! [outbox], so a slow reader of logs never blocks an operation. It delays the end of the program
//! only briefly.

mod journal;
mod panics;

use super::screen::Stderr;
use crate::operation::driver::LOG_TARGET;
use crate::outbox::{self, Stream};
use journal::Journal;
use std::os::fd::AsFd;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The kind of log of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logs {
    /// Warnings beside the output of an operation.
    Operation,
    /// The log of the sidecar, which is its only output.
    Sidecar,
    /// The sidecar's log as JSON, one object a line.
    SidecarJson,
}

/// Starts the log. A closed stderr must not stop a restart half way: by default tracing reports a
/// line that it can't write on stderr, and that panics.
pub(super) fn begin(logs: Logs, verbose: u8) {
    panics::begin();
    outbox::say_dropped(match logs {
        Logs::SidecarJson => dropped_json,
        Logs::Operation | Logs::Sidecar => dropped,
    });
    let subscriber = tracing_subscriber::registry().with(filter(logs, verbose));
    let text = tracing_subscriber::fmt::layer()
        .log_internal_errors(false)
        // No colours with NO_COLOR.
        .with_ansi(console::colors_enabled_stderr())
        .with_writer(|| Stderr);
    match logs {
        Logs::Operation => subscriber.with(text).init(),
        Logs::SidecarJson => subscriber.with(text.json().flatten_event(true)).init(),
        Logs::Sidecar => match journal() {
            Some(journal) => subscriber.with(journal).init(),
            None => subscriber.with(text.with_target(false)).init(),
        },
    }
}

/// Hides the driver's own lines by default: the sidecar logs the same in words.
fn filter(logs: Logs, verbose: u8) -> EnvFilter {
    let level = match (logs, verbose) {
        (Logs::Operation, 0) => "haproxy_gate=warn",
        (_, 1) => "haproxy_gate=info",
        (_, 0) => &format!("haproxy_gate=info,{LOG_TARGET}=warn"),
        _ => "haproxy_gate=debug",
    };
    EnvFilter::try_from_env("AGENT_LOG").unwrap_or_else(|_| EnvFilter::new(level))
}

/// The journal, if stderr is a stream to it: systemd passes the stream's device and inode.
fn journal() -> Option<Journal> {
    let stream = std::env::var("JOURNAL_STREAM").ok()?;
    let stderr = nix::sys::stat::fstat(std::io::stderr().as_fd()).ok()?;
    let is_it = stream == format!("{}:{}", stderr.st_dev, stderr.st_ino);
    (is_it && outbox::has_journal()).then_some(Journal)
}

fn dropped(stream: Stream, count: usize) -> Vec<u8> {
    match stream {
        Stream::Journal => journal::warning(&lines_dropped(count)),
        Stream::Out | Stream::Err => format!("agent: {}\n", lines_dropped(count)).into_bytes(),
    }
}

fn dropped_json(_stream: Stream, count: usize) -> Vec<u8> {
    let message = lines_dropped(count);
    let line = serde_json::json!({"level": "WARN", "message": message, "dropped": count});
    format!("{line}\n").into_bytes()
}

fn lines_dropped(count: usize) -> String {
    let lines = if count == 1 { "line was" } else { "lines were" };
    format!("{count} log {lines} dropped: the reader of the log was too slow")
}
