//! Ctrl-C: the soak completes and reports the current round. A second one, or SIGTERM, ends it at
//! once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use lab::site;

pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn on_signals() -> Stop {
        let stop = Stop(Arc::default());
        let asked = Arc::clone(&stop.0);
        let mut signals = Signals::new([SIGINT, SIGTERM]).expect("signal handlers");
        thread::spawn(move || {
            for signal in signals.forever() {
                if signal == SIGTERM || asked.swap(true, Ordering::Relaxed) {
                    leave(signal);
                }
                println!("This round is the last one; another Ctrl-C ends at once.");
            }
        });
        stop
    }

    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// No destructor runs: this removes namespaces and folder, and the children die with this process.
fn leave(signal: i32) -> ! {
    let this = std::process::id().to_string();
    site::sweep(|pid| pid == this);
    std::process::exit(128 + signal);
}
