//! What the file is held against.

use crate::haproxy::{AppPorts, Own};
use std::time::Duration;

/// What the file is held against.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The app's name.
    pub app: &'a str,
    /// Its ports.
    pub ports: AppPorts,
    /// Its lines as HAProxy shows them; without any, the lines are found by their ports.
    pub lines: &'a [Own],
    /// The path by which the agent asks for its health; None: not by HTTP.
    pub http: Option<&'a str>,
    /// Whether it does so by TLS.
    pub https: bool,
    /// Whether it does so with a PROXY header.
    pub proxy: bool,
    /// Each of its balancers has a master socket in the configuration.
    pub master: bool,
    /// How long a restart waits until its lines are DOWN.
    pub out_of_rotation: Duration,
    /// And until they are UP.
    pub in_rotation: Duration,
}
