//! Lines for a reader who may not read: a log, a pipe, systemd. A thread of its own hands
//! them over, and nobody else ever waits for the reader. What has no room meanwhile is
//! dropped and counted, and the reader sees how many were dropped once he reads again.
//!
//! (tracing-appender has such a queue for logs. At the end of the program it complains on
//! stderr of a reader that does not read: on the very pipe that is full.)

mod bounded;
mod streams;

pub use bounded::{Bounded, Next};
pub use streams::{Stream, dropped, flush, has_journal, put, say_dropped};

use nix::sys::signal::SigSet;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// So many items may wait.
const ROOM: usize = 256;

/// The thread only hands over.
const STACK: usize = 128 * 1024;

/// The way to one reader.
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
    /// An item is being handed over.
    busy: bool,
    /// The outbox is gone, and its thread with it once nothing waits.
    ends: bool,
}

impl<T: Send + 'static> Outbox<T> {
    /// From now on `deliver` gets each item, in order. It may take as long as it likes.
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
            // Signals are for the thread that answers them.
            let _ = SigSet::all().thread_block();
            delivered.deliver_all(deliver);
        })?;
        let thread = thread.thread().id();
        Ok(Outbox { shared, thread })
    }

    /// Hands an item of so many bytes over, as soon as the reader takes it. Never waits.
    pub fn put(&self, item: T, bytes: usize, must: bool) {
        self.shared.state().queue.put(item, bytes, must);
        self.shared.moved.notify_all();
    }

    /// Waits until all is handed over, but no longer than that. False: something is left.
    pub fn flush(&self, until: Instant) -> bool {
        // It can't wait for itself.
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

    /// How many items were dropped so far.
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
        // Items that the reader could not be given: he is told when one goes through.
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
