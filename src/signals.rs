//! SIGINT, SIGTERM and SIGHUP (a terminal that is gone) as a fact. They interrupt nothing: the
//! next decision takes them into account.

use nix::sys::signal::Signal;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Whether an operator or systemd asked this process to stop.
#[derive(Debug, Clone, Default)]
pub struct StopSignal(Arc<AtomicUsize>);

impl StopSignal {
    /// Listens from now on. A SIGHUP that is ignored (nohup) stays ignored.
    pub fn listen() -> io::Result<StopSignal> {
        let stop = StopSignal::default();
        let hangup = (!hangup_is_ignored()).then_some(Signal::SIGHUP);
        for signal in [Signal::SIGINT, Signal::SIGTERM].into_iter().chain(hangup) {
            let number = signal as i32;
            signal_hook::flag::register_usize(number, Arc::clone(&stop.0), number as usize)?;
        }
        Ok(stop)
    }

    /// Asks to stop, like a signal of this number.
    pub fn ask(&self, signal: i32) {
        let number = usize::try_from(signal).unwrap_or_default();
        self.0.store(number, Ordering::Relaxed);
    }

    /// Returns the signal's number once there is one.
    pub async fn wait(&self) -> i32 {
        loop {
            if let Some(signal) = self.asked() {
                return signal;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The last such signal's number.
    pub fn asked(&self) -> Option<i32> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => i32::try_from(signal).ok(),
        }
    }
}

fn hangup_is_ignored() -> bool {
    let status = procfs::process::Process::myself().and_then(|process| process.status());
    status.is_ok_and(|status| status.sigign & (1 << (Signal::SIGHUP as i32 - 1)) != 0)
}
