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
