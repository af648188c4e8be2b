//! Finds variables in the place of server lines.

use crate::haproxy::cfg::file::Proxy;
use crate::haproxy::cfg::server::{ADDRESS, Server};
use crate::haproxy::cfg::words::is_variable;

/// Whether a variable may hide a line of ours. A line with a port of its own can be judged.
pub(super) fn hides_lines(proxies: &[Proxy]) -> bool {
    let hides = |server: &Server| {
        is_variable(&server.name) || server.port.is_none() && server.words.hides(&[ADDRESS])
    };
    let mut proxies = proxies.iter();
    proxies.any(|proxy| is_variable(&proxy.name) || proxy.servers.iter().any(hides))
}
