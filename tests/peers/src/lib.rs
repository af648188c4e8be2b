//! The app behind HAProxy, and its users: what runs beside the agent in a lab. Each is a program of its
//! own, because it runs in a namespace.

pub mod app;
pub mod load;

use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// Prints to stderr if a reader is left. `eprintln!` panics without a reader: in a destructor of
/// a panic that ends the process, and its namespaces stay.
pub fn complain(text: &str) {
    writeln!(io::stderr(), "{text}").ok();
}

/// Unix seconds, as the agent's report has them.
pub fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a clock after 1970").as_secs_f64()
}
