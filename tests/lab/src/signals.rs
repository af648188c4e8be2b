//! How a program of the lab ends on a signal.

use std::process;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::site;

/// No destructor runs after a signal: this removes the namespaces and the folder, and the children
/// die with this process.
pub fn clean_up_on_signals() {
    let mut signals = Signals::new([SIGINT, SIGTERM]).expect("signal handlers");
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let this = process::id().to_string();
            site::sweep(|pid| pid == this);
            process::exit(128 + signal);
        }
    });
}
