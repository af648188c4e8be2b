//! Queues lines for a reader that may pause: a log, a pipe, systemd. A thread of its own writes
//! them, so no other thread ever waits for the reader. The queue drops and counts items that have
//! no room, and the reader gets the count once it reads again.
//!
//! (tracing-appender has such a queue for logs. At the end of the program it reports a paused
//! reader on stderr, which may be the very pipe that is full.)

mod bounded;
mod streams;

pub use bounded::{Bounded, Next};
pub use streams::{Stream, dropped, flush, has_journal, put, say_dropped};

use nix::sys::signal::SigSet;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The most items that may wait.
const ROOM: usize = 256;

/// The thread's stack: it only writes items.
const STACK: usize = 128 * 1024;

/// The queue of one reader.
#[derive(Debug)]
pub struct Outbox<T> {
    shared: Arc<Shared<T>>,
    thread: thread::ThreadId,
}

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    moved: Condvar,
}

#[derive(Debug)]
struct State<T> {
    queue: Bounded<T>,
    /// The thread is writing an item.
    busy: bool,
    /// The outbox was dropped. Its thread ends once nothing waits.
    ends: bool,
}

impl<T: Send + 'static> Outbox<T> {
    /// Starts a thread that calls `deliver` for each item, in order. `deliver` may block.
    ///
    /// # Errors
    ///
    /// There are too many threads.
    pub fn start(
        name: &str,
        deliver: impl FnMut(&Next<T>) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Outbox<T>> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: Bounded::new(ROOM),
                busy: false,
                ends: false,
            }),
            moved: Condvar::new(),
        });
        let delivered = Arc::clone(&shared);
        let thread = thread::Builder::new().name(name.to_owned());
        let thread = thread.stack_size(STACK).spawn(move || {
            // Another thread handles signals.
            let _ = SigSet::all().thread_block();
            delivered.deliver_all(deliver);
        })?;
        let thread = thread.thread().id();
        Ok(Outbox { shared, thread })
    }

    /// Queues an item of this many bytes. Never waits.
    pub fn put(&self, item: T, bytes: usize, must: bool) {
        self.shared.state().queue.put(item, bytes, must);
        self.shared.moved.notify_all();
    }

    /// Waits until all items are written, at most until then. False if some are left.
    pub fn flush(&self, until: Instant) -> bool {
        // The thread can't wait for itself.
        if thread::current().id() == self.thread {
            return false;
        }
        let mut state = self.shared.state();
        while state.busy || !state.queue.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.shared.wait(state, left);
        }
        true
    }

    /// The number of items that were dropped so far.
    pub fn dropped(&self) -> u64 {
        self.shared.state().queue.dropped()
    }
}

impl<T> Drop for Outbox<T> {
    fn drop(&mut self) {
        self.shared.state().ends = true;
        self.shared.moved.notify_all();
    }
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State<T>>,
        most: Duration,
    ) -> MutexGuard<'a, State<T>> {
        let waited = self.moved.wait_timeout(state, most);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn deliver_all(&self, mut deliver: impl FnMut(&Next<T>) -> io::Result<()>) {
        // Items that could not be written. The reader gets their count with the next success.
        let mut lost = 0;
        while let Some(next) = self.next() {
            let delivered = deliver(&next);
            let mut state = self.state();
            match (delivered, &next) {
                (Ok(()), _) => state.queue.report(std::mem::take(&mut lost)),
                (Err(_), Next::Item(_)) => {
                    lost += 1;
                    state.queue.lost_one();
                }
                (Err(_), Next::Dropped(count)) => lost += count,
            }
            state.busy = false;
            self.moved.notify_all();
        }
    }

    fn next(&self) -> Option<Next<T>> {
        let mut state = self.state();
        loop {
            if let Some(next) = state.queue.take() {
                state.busy = true;
                return Some(next);
            }
            if state.ends {
                return None;
            }
            let waited = self.moved.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests;
