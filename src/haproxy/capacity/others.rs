//! The other servers of a backend, each with its lines.

use super::super::{Role, ServerStat, ServerState};
use super::place::{Place, Places};
use super::server::{Line, Server};
use std::collections::{BTreeMap, BTreeSet};

impl<'a> Places<'a> {
    /// The other servers by their places, and whether lines wait for a host.
    pub(super) fn others<'s>(
        &self,
        stats: &'s [ServerStat],
    ) -> (BTreeMap<Place, Server<'s>>, bool) {
        let mut servers: BTreeMap<Place, Server> = BTreeMap::new();
        let mut has_free_slots = false;
        for stat in self.of_backend(stats).filter(|stat| !self.is_ours(stat)) {
            if self.is_page(stat) {
                continue;
            }
            let waits = stat.status.is_unresolved() && self.is_free_slot(stat);
            if waits || stat.status.is_maint() && self.is_placeholder(stat) {
                has_free_slots = true;
                continue;
            }
            let server = servers.entry(self.place(&stat.server)).or_default();
            let lines = match stat.backup {
                true => &mut server.backups,
                false => &mut server.mains,
            };
            let port = self.state(&stat.server).map(|state| state.port);
            // A name that several main lines of one port have may be that of several hosts.
            let is_again = lines.iter().any(|line| line.port == port);
            has_free_slots |= stat.status.is_unresolved() && is_again;
            lines.push(Line { stat, port });
        }
        let ports = self.main_ports(stats);
        for server in servers.values_mut() {
            keep_twins(server, &ports);
        }
        servers.retain(|_, server| !server.lines().is_empty());
        (servers, has_free_slots)
    }

    fn of_backend<'s>(&self, stats: &'s [ServerStat]) -> impl Iterator<Item = &'s ServerStat> {
        let backend = self.backend;
        stats.iter().filter(move |stat| stat.backend == backend)
    }

    /// The page of a host has the ports that the configuration names.
    fn is_page(&self, stat: &ServerStat) -> bool {
        let state = self.state(&stat.server);
        state.is_some_and(|state| self.found.neighbours.is_page(state))
    }

    /// The ports to which the main lines send users.
    fn main_ports(&self, stats: &[ServerStat]) -> BTreeSet<u16> {
        let mains = self
            .of_backend(stats)
            .filter(|stat| !stat.backup && !self.is_page(stat));
        let own = self.found.own.iter();
        let own = own.filter(|own| own.backend == self.backend && own.role == Role::Main);
        let names = mains
            .map(|stat| &stat.server)
            .chain(own.map(|own| &own.server));
        let states = names.filter_map(|name| self.state(name));
        states.map(|state| state.port).collect()
    }

    /// `0.0.0.0` in MAINT: an operator puts a host's address into the line later.
    fn is_placeholder(&self, stat: &ServerStat) -> bool {
        let address = self.state(&stat.server).and_then(|state| state.address);
        address.is_some_and(|address| address.is_unspecified())
    }

    /// A line of a server-template that waits for a host: it has no address and no name of its own,
    /// or HAProxy has given the addresses of that name to other lines.
    fn is_free_slot(&self, stat: &ServerStat) -> bool {
        let Some(slot) = self.state(&stat.server) else {
            return true;
        };
        let has_host = |one: &ServerState| {
            one.address.is_some() && (&one.fqdn, one.port) == (&slot.fqdn, slot.port)
        };
        slot.address.is_none() && (slot.fqdn.is_none() || self.states().any(has_host))
    }
}

/// The backup lines with the app behind them: on a port of the main lines of this server, or, if it
/// has none, of the backend. A page server has another.
fn keep_twins(server: &mut Server<'_>, of_backend: &BTreeSet<u16>) {
    let own: BTreeSet<Option<u16>> = server.mains.iter().map(|main| main.port).collect();
    let has_app = |port: Option<u16>| match own.is_empty() {
        true => port.is_some_and(|port| of_backend.contains(&port)),
        false => own.contains(&port),
    };
    server.backups.retain(|twin| has_app(twin.port));
}
