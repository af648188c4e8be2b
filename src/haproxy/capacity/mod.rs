//! Counts the other servers of our backends: are there enough without this host? Pure.

mod others;
mod place;
mod server;
#[cfg(test)]
mod tests;

use self::place::Places;
use self::server::Server;
use super::{BackendCapacity, Found, ServerStat};

impl BackendCapacity {
    /// Counts the other servers of `backend` that can take our users: all but ours with a main line
    /// that is `UP` and has a weight. `UP n/m` does not count, because it may be on its way down. The
    /// lines of a host's targets are one server: see `Places`. A backup line does not count beside
    /// a main line: a host whose main lines are DOWN is on its way out. A backup line of another
    /// address counts on a port of the main lines: a hot spare has the app, a page server has not.
    /// Lines without an address are one server for each name that HAProxy can't resolve.
    pub fn count(backend: &str, found: &Found, stats: &[ServerStat]) -> BackendCapacity {
        let places = Places::of(found, backend);
        let (servers, has_free_slots) = places.others(stats);
        let usable = servers.values().filter(|server| server.is_usable());
        let claimed = usable.clone().filter(|server| server.has_claimed());
        let unproven = servers.values().filter(|server| server.is_unproven());
        let is_out = |server: &&Server| !server.is_usable() && !server.is_unproven();
        let out = servers.values().filter(is_out).filter_map(Server::out);
        let ours = places.ours();
        let first = ours.first();
        let after_us = servers.iter().filter(|(place, _)| Some(*place) > first);
        let after_us = after_us.map(|(_, server)| server);
        let after_us = after_us.filter(|server| server.is_usable() && server.has_claimed());
        BackendCapacity {
            backend: backend.to_owned(),
            servers: servers.len()
                + ours
                    .iter()
                    .filter(|place| place.is_address())
                    .count()
                    .max(1),
            has_free_slots,
            out: out.collect(),
            usable: usable.count(),
            claimed_after_us: after_us.map(Server::name).collect(),
            claimed: claimed.map(Server::name).collect(),
            unproven: unproven.map(Server::unproven).collect(),
        }
    }
}
