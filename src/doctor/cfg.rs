//! HAProxy's configuration file, checked for what no socket shows.

use super::Point;
use crate::haproxy::{AppPorts, Own};

/// What the file should have.
pub struct Expected<'a> {
    /// The app.
    pub app: &'a str,
    /// Its ports.
    pub ports: AppPorts,
    /// Our lines as a balancer shows them; empty where none could be seen.
    pub lines: &'a [Own],
}

/// One point for each check of the file's text.
pub fn check(_text: &str, _expected: &Expected<'_>) -> Vec<Point> {
    Vec::new()
}
