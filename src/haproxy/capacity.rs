//! Counts the other servers of our backends: are there enough without this host? Pure.

use super::{BackendCapacity, Found, OutServer, Own, Role, ServerStat, ServerState, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

impl BackendCapacity {
    /// Counts the other servers of `backend` that can take our users: all lines but ours that are
    /// `UP` and have a weight. `UP n/m` does not count, because it may be on its way down. Lines
    /// of the same address and port are one server. A backup line does not count beside a main
    /// line: a host whose main line is DOWN is on its way out. A backup line of another address counts
    /// on a port of the main lines: a hot spare has the app, a page server has not. Lines without an address are one
    /// server for each name that HAProxy can't resolve.
    pub fn count(backend: &str, found: &Found, stats: &[ServerStat]) -> BackendCapacity {
        let (servers, has_free_slots) = found.others(backend, stats);
        let usable = servers.values().filter(|server| server.is_usable());
        let claimed = usable.clone().filter(|server| server.has_claimed());
        let unproven = servers.values().filter(|server| server.is_unproven());
        let is_out = |server: &&Server| !server.is_usable() && !server.is_unproven();
        let out = servers.values().filter(is_out).filter_map(Server::out);
        let ours = found.own_place(backend);
        let own_places = found.own_places(backend).into_iter();
        let own_places = own_places.filter(|place| matches!(place, Place::At(_)));
        let after_us = servers
            .iter()
            .filter(|(place, _)| Some(*place) > ours.as_ref());
        let after_us = after_us.map(|(_, server)| server);
        let after_us = after_us.filter(|server| server.is_usable() && server.has_claimed());
        BackendCapacity {
            backend: backend.to_owned(),
            servers: servers.len() + own_places.count().max(1),
            has_free_slots,
            out: out.collect(),
            usable: usable.count(),
            claimed_after_us: after_us.map(Server::name).collect(),
            claimed: claimed.map(Server::name).collect(),
            unproven: unproven.map(Server::name).collect(),
        }
    }
}

impl Found {
    /// The other servers of this backend by their places, and whether lines wait for a host.
    fn others<'a>(
        &self,
        backend: &str,
        stats: &'a [ServerStat],
    ) -> (BTreeMap<Place, Server<'a>>, bool) {
        let of_backend = stats.iter().filter(|stat| stat.backend == backend);
        let others = of_backend.filter(|stat| {
            let ours = |own: &Own| own.backend == stat.backend && own.server == stat.server;
            !self.own.iter().any(ours)
        });
        let mut servers: BTreeMap<Place, Server> = BTreeMap::new();
        let mut has_free_slots = false;
        for stat in others {
            let waits = stat.status.is_unresolved() && self.is_free_slot(backend, &stat.server);
            if waits || stat.status.is_maint() && self.is_placeholder(backend, &stat.server) {
                has_free_slots = true;
                continue;
            }
            let place = self.place(backend, &stat.server);
            let server = servers.entry(place).or_default();
            let lines = match stat.backup {
                true => &mut server.backups,
                false => &mut server.mains,
            };
            // A name that several main lines have may be that of several hosts.
            has_free_slots |= stat.status.is_unresolved() && !lines.is_empty();
            lines.push(stat);
        }
        let ports = self.main_ports(backend, stats);
        let is_spare = |server: &Server<'_>| {
            let mut backups = server.backups.iter();
            backups.any(|stat| {
                self.state(backend, &stat.server)
                    .is_some_and(|at| ports.contains(&at.port))
            })
        };
        servers.retain(|_, server| !server.mains.is_empty() || is_spare(server));
        (servers, has_free_slots)
    }

    /// The ports to which the main lines send users.
    fn main_ports(&self, backend: &str, stats: &[ServerStat]) -> BTreeSet<u16> {
        let mains = stats
            .iter()
            .filter(|stat| stat.backend == backend && !stat.backup);
        let own = self
            .own
            .iter()
            .filter(|own| own.backend == backend && own.role == Role::Main);
        let names = mains
            .map(|stat| &stat.server)
            .chain(own.map(|own| &own.server));
        let states = names.filter_map(|name| self.state(backend, name));
        states.map(|state| state.port).collect()
    }

    /// `0.0.0.0` in MAINT: an operator puts a host's address into the line later.
    fn is_placeholder(&self, backend: &str, server: &str) -> bool {
        let address = self.state(backend, server).and_then(|state| state.address);
        address.is_some_and(|address| address.is_unspecified())
    }

    /// The place of our lines in this backend; the lowest, if there are several.
    fn own_place(&self, backend: &str) -> Option<Place> {
        self.own_places(backend).into_iter().next()
    }

    /// The places of our lines in this backend.
    fn own_places(&self, backend: &str) -> BTreeSet<Place> {
        let own = self.own.iter().filter(|own| own.backend == backend);
        own.map(|own| self.place(backend, &own.server)).collect()
    }

    /// The address and port that the lines of one server share, or else their name and port.
    fn place(&self, backend: &str, server: &str) -> Place {
        let state = self.state(backend, server);
        let at = state.and_then(|state| Some(SocketAddr::new(state.address?, state.port)));
        let name = || Some(format!("{}:{}", state?.fqdn.as_ref()?, state?.port));
        match at {
            Some(address) => Place::At(address),
            None => Place::Named(name().unwrap_or_else(|| server.to_owned())),
        }
    }

    /// A line of a server-template that waits for a host: it has no address and no name of its own,
    /// or HAProxy has given the addresses of that name to other lines.
    fn is_free_slot(&self, backend: &str, server: &str) -> bool {
        let Some(slot) = self.state(backend, server) else {
            return true;
        };
        let mut servers = self.servers.iter().filter(|one| one.backend == backend);
        let has_host = |one: &ServerState| {
            one.address.is_some() && (&one.fqdn, one.port) == (&slot.fqdn, slot.port)
        };
        slot.address.is_none() && (slot.fqdn.is_none() || servers.any(has_host))
    }

    fn state(&self, backend: &str, server: &str) -> Option<&ServerState> {
        let mut servers = self.servers.iter();
        servers.find(|s| s.backend == backend && s.server == server)
    }
}

/// Ordered by address, so that each host finds the same order on each balancer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    At(SocketAddr),
    Named(String),
}

/// The lines of one other server.
#[derive(Default)]
struct Server<'a> {
    mains: Vec<&'a ServerStat>,
    backups: Vec<&'a ServerStat>,
}

impl Server<'_> {
    /// The lines that count. A backup line beside a main line does not.
    fn lines(&self) -> &[&ServerStat] {
        match self.mains.is_empty() {
            true => &self.backups,
            false => &self.mains,
        }
    }

    fn is_usable(&self) -> bool {
        let is_fit = |stat: &&ServerStat| {
            matches!(stat.status, Status::Up | Status::NoCheck) && stat.weight > 0
        };
        self.lines().iter().any(is_fit)
    }

    fn is_unproven(&self) -> bool {
        let unproven = |stat: &&ServerStat| matches!(stat.status, Status::UpUnproven(_));
        !self.is_usable() && self.lines().iter().any(unproven)
    }

    /// What HAProxy shows of it, by the line that counts.
    fn out(&self) -> Option<OutServer> {
        let line = self.lines().first()?;
        Some(OutServer {
            name: line.server.clone(),
            status: line.status.clone(),
            lasts: line.lasts.map(Duration::from_secs),
        })
    }

    fn name(&self) -> String {
        let first = self.lines().first();
        first.map(|stat| stat.server.clone()).unwrap_or_default()
    }

    /// Its agent has closed the twin's gate, or may have done so: the twin can't be read. It goes
    /// next if enough other servers stay. A row that can't be read may be the twin's.
    fn has_claimed(&self) -> bool {
        let unreadable = |stat: &&ServerStat| matches!(stat.status, Status::Unreadable(_));
        let may_go = |stat: &&ServerStat| stat.status.is_going() || unreadable(stat);
        match self.backups.is_empty() {
            true => self.mains.iter().any(unreadable),
            false => !self.mains.is_empty() && self.backups.iter().all(may_go),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::find::tests::PORTS;
    use super::super::{Floor, Found, Mode, ServerStat, ServerState, Status, find};
    use super::*;

    fn server(name: &str, last: u8, port: u16, check_port: u16) -> ServerState {
        ServerState {
            backend_id: 3,
            backend: "a".into(),
            server_id: 1,
            server: name.into(),
            address: Some([10, 0, 0, last].into()),
            port,
            check_port,
            check_address: None,
            fqdn: None,
        }
    }

    fn stat(server: &str, backup: bool, status: &str) -> ServerStat {
        ServerStat {
            backend: "a".into(),
            server: server.into(),
            server_id: 1,
            status: Status::parse(status).unwrap(),
            in_flight: 0,
            mode: Mode::Http,
            sessions: 0,
            connections: Some(0),
            weight: 1,
            backup,
            proven: false,
            check: None,
            failed_to_the_end: false,
            lasts: None,
        }
    }

    fn found() -> Found {
        let servers = vec![
            server("web1", 11, 1000, 2000),
            server("bkp1", 11, 1000, 3000),
            server("web2", 12, 1000, 2000),
            server("bkp2", 12, 1000, 3000),
            server("web3", 13, 1000, 2000),
            server("bkp3", 13, 1000, 3000),
            server("spare", 98, 1000, 2000),
            server("sorry", 99, 80, 0),
        ];
        let own = find(&servers, PORTS, |s| s.server.ends_with('1')).unwrap();
        Found { own, servers }
    }

    /// The usable servers and the claims, if `web2`, `bkp2`, `web3` and `bkp3` show this.
    fn counted(shown: [&str; 4]) -> (usize, usize) {
        let mut stats = vec![stat("web1", false, "UP"), stat("bkp1", true, "UP")];
        let lines = [
            ("web2", false),
            ("bkp2", true),
            ("web3", false),
            ("bkp3", true),
        ];
        let others = lines.iter().zip(shown);
        stats.extend(others.map(|((name, backup), status)| stat(name, *backup, status)));
        let capacity = BackendCapacity::count("a", &found(), &stats);
        (capacity.usable, capacity.claimed.len())
    }

    #[test]
    fn servers_are_counted_by_address_and_a_twin_does_not_replace_its_main() {
        assert_eq!(counted(["UP", "UP", "UP", "UP"]), (2, 0));
        assert_eq!(counted(["UP", "UP", "DOWN", "UP"]), (1, 0));
        assert_eq!(counted(["UP 1/2", "UP", "DOWN", "UP"]), (0, 0));
        assert_eq!(counted(["MAINT", "UP", "DRAIN", "UP"]), (0, 0));
    }

    #[test]
    fn a_server_that_the_next_check_may_turn_down_is_named_and_not_counted() {
        let mut stats = vec![stat("web2", false, "UP 1/2"), stat("web3", false, "UP")];
        let capacity = BackendCapacity::count("a", &found(), &stats);
        assert_eq!((capacity.usable, capacity.not_out()), (1, 2));
        let text = "lb backend a has 1 other usable servers (not counted while it shows `UP n/m`: web2), \
                    min_available is 2";
        assert_eq!(capacity.shortage("lb", Floor::Servers(2)), text);
        stats[0].status = stats[0].status.clone().with_weight(0);
        assert_eq!(BackendCapacity::count("a", &found(), &stats).not_out(), 1);
    }

    /// `spare` is one of the four servers of this backend: no other line is beside it.
    #[test]
    fn a_share_is_one_of_all_servers_and_the_lack_names_who_is_out() {
        let mut stats = vec![
            stat("web2", false, "DOWN"),
            stat("bkp2", true, "UP"),
            stat("web3", false, "MAINT"),
            stat("spare", true, "no check"),
            stat("sorry", true, "no check"),
        ];
        stats[0].lasts = Some(72);
        let capacity = BackendCapacity::count("a", &found(), &stats);
        assert_eq!((capacity.usable, capacity.servers), (1, 4));
        let (share, lack) = (
            Floor::Percent(51),
            "lb backend a has 1 other usable servers (out: web2 is DOWN",
        );
        assert_eq!(
            capacity.shortage("lb", share),
            format!("{lack}, web3 is MAINT), min_available is 51%: 3 of 4 hosts")
        );
        assert_eq!(
            capacity.shortage_now("lb", Floor::Servers(2)),
            format!("{lack} for 72 s, web3 is MAINT), min_available is 2")
        );
    }

    /// A host whose name can't be resolved is a server that is out. A slot of a server-template
    /// without a name is none, nor is one whose name another slot has.
    #[test]
    fn a_line_without_an_address_counts_by_its_name() {
        let lack = |lines: &[(&str, bool, Option<&str>)]| {
            let mut found = found();
            found.servers[2].fqdn = Some("web2.example".into());
            let mut stats = vec![stat("web2", false, "UP"), stat("bkp2", true, "UP")];
            for (name, backup, fqdn) in lines {
                found.servers.push(ServerState {
                    address: None,
                    fqdn: fqdn.map(str::to_owned),
                    ..server(name, 0, 1000, 2000)
                });
                stats.push(stat(name, *backup, "MAINT (resolution)"));
            }
            BackendCapacity::count("a", &found, &stats).shortage("lb", Floor::Percent(100))
        };
        let host = |name| {
            [
                (name, false, Some("web4.example")),
                ("bkp4", true, Some("web4.example")),
            ]
        };
        let text = |out: &str, hosts: &str| {
            format!("lb backend a has 1 other usable servers{out}, min_available is 100%: {hosts}")
        };
        let ever = ", so no host of this backend can ever go out with this share";
        let now =
            ", so no host of this backend can go out with this share until more hosts are in it";
        let out = " (out: web4 is MAINT (resolution))";
        assert_eq!(lack(&[]), text("", &format!("2 of 2 hosts{ever}")));
        assert_eq!(
            lack(&host("web4")),
            text(out, &format!("3 of 3 hosts{ever}"))
        );
        let twice = [
            host("web4").as_slice(),
            &[("slot5", false, Some("web4.example"))],
        ]
        .concat();
        assert_eq!(lack(&twice), text(out, &format!("3 of 3 hosts{now}")));
        let slots = [
            ("slot1", false, None),
            ("web9", false, Some("web2.example")),
        ];
        for slot in slots {
            assert_eq!(lack(&[slot]), text("", &format!("2 of 2 hosts{now}")));
            let both = [host("web4").as_slice(), &[slot]].concat();
            assert_eq!(lack(&both), text(out, &format!("3 of 3 hosts{now}")));
        }
    }

    #[test]
    fn our_own_lines_may_have_no_address() {
        let mut found = found();
        for line in &mut found.servers {
            line.address = None;
        }
        assert_eq!(BackendCapacity::count("a", &found, &[]).servers, 1);
    }

    /// The last real host stays: what the page server sends is no answer of the app.
    #[test]
    fn a_page_server_is_no_host_and_a_slot_in_maint_is_none_either() {
        let mut found = found();
        for (name, last) in [("t1", 0), ("t2", 14)] {
            found.servers.push(server(name, last, 1000, 2000));
        }
        let unspecified = found.servers.iter_mut().find(|one| one.server == "t1");
        unspecified.unwrap().address = Some([0, 0, 0, 0].into());
        for (lines, usable, servers, has_free_slots) in [
            (
                vec![stat("web2", false, "DOWN"), stat("sorry", true, "UP")],
                0,
                2,
                false,
            ),
            (vec![stat("sorry", true, "no check")], 0, 1, false),
            (
                vec![stat("spare", true, "UP"), stat("sorry", true, "UP")],
                1,
                2,
                false,
            ),
            // As a main line it is one of the hosts that HAProxy sends users to.
            (vec![stat("sorry", false, "UP")], 1, 2, false),
            (
                vec![stat("web2", false, "UP"), stat("t1", false, "MAINT")],
                1,
                2,
                true,
            ),
            (
                vec![stat("web2", false, "UP"), stat("t2", false, "MAINT")],
                1,
                3,
                false,
            ),
            (vec![stat("t1", false, "UP")], 1, 2, false),
        ] {
            let capacity = BackendCapacity::count("a", &found, &lines);
            let counted = (capacity.usable, capacity.servers, capacity.has_free_slots);
            assert_eq!(counted, (usable, servers, has_free_slots), "{lines:?}");
        }
    }

    #[test]
    fn a_server_whose_twin_can_not_be_read_may_have_claimed() {
        let unreadable = |name: &str, backup| ServerStat {
            status: Status::Unreadable("status \"HALF\"".into()),
            ..stat(name, backup, "UP")
        };
        for backup in [true, false] {
            let stats = [stat("web2", false, "UP"), unreadable("bkp2", backup)];
            let capacity = BackendCapacity::count("a", &found(), &stats);
            assert_eq!((capacity.usable, capacity.staying()), (1, 0), "{backup}");
        }
        let stats = [unreadable("web2", false), stat("bkp2", true, "UP")];
        assert_eq!(BackendCapacity::count("a", &found(), &stats).usable, 0);
    }

    #[test]
    fn a_share_that_leaves_no_host_says_so() {
        let stats = [stat("web2", false, "UP"), stat("web3", false, "UP")];
        let capacity = BackendCapacity::count("a", &found(), &stats);
        let ever = "so no host of this backend can ever go out with this share";
        let lack = |floor| capacity.shortage("lb", floor);
        assert!(lack(Floor::Percent(67)).ends_with(&format!("67%: 3 of 3 hosts, {ever}")));
        assert!(lack(Floor::Percent(66)).ends_with("66%: 2 of 3 hosts"));
    }

    #[test]
    fn a_server_whose_twin_alone_is_down_has_claimed_to_go_next() {
        assert_eq!(counted(["UP", "DOWN", "UP", "UP"]), (2, 1));
        assert_eq!(counted(["UP", "DOWN 1/2", "UP", "UP 1/2"]), (2, 2));
        assert_eq!(counted(["DOWN", "DOWN", "UP", "UP"]), (1, 0));
        // An operator's MAINT on the twin is no claim of its host.
        assert_eq!(counted(["UP", "MAINT", "UP", "DRAIN"]), (2, 0));
    }

    #[test]
    fn hosts_that_claim_together_give_way_to_the_lowest_address() {
        let lines = [
            ("web1", "UP"),
            ("bkp1", "UP"),
            ("web2", "UP"),
            ("bkp2", "DOWN"),
            ("web3", "UP"),
            ("bkp3", "DOWN"),
        ];
        let stats = lines.map(|(name, status)| stat(name, name.starts_with("bkp"), status));
        let after = |ours: char| {
            let Found { servers, .. } = found();
            let own = find(&servers, PORTS, |s| s.server.ends_with(ours)).unwrap();
            BackendCapacity::count("a", &Found { own, servers }, &stats)
        };
        assert_eq!(after('1').claimed_after_us, ["web2", "web3"]);
        assert_eq!(after('2').claimed_after_us, ["web3"]);
        let last = after('3');
        assert!(last.claimed_after_us.is_empty(), "{last:?}");
        assert_eq!(after('1').staying(), 0);
        assert_eq!(after('1').staying_in_turn(&[]), 2);
        assert_eq!(after('1').staying_in_turn(&["web3".to_owned()]), 1);
    }

    #[test]
    fn a_backup_of_its_own_address_counts_and_a_line_without_weight_does_not() {
        let mut stats = vec![stat("web2", false, "UP"), stat("spare", true, "no check")];
        assert_eq!(BackendCapacity::count("a", &found(), &stats).usable, 2);
        stats[0].status = Status::Up.with_weight(0);
        assert_eq!(BackendCapacity::count("a", &found(), &stats).usable, 1);
        stats[1].weight = 0;
        let none = BackendCapacity::count("a", &found(), &stats);
        assert_eq!(
            (none.usable, none.unproven.len(), none.out.len()),
            (0, 0, 2)
        );
    }
}
