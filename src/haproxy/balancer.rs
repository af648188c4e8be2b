//! One balancer behind its stats socket. The agent finds our lines once, and then asks for them
//! alone. With 10,000 servers the whole table costs HAProxy 125 ms, our lines 0.1 ms.

use super::Address;
use super::info;
use super::recent::{Counted, RecentCapacities};
use super::siblings::{Ours, siblings, without_marker};
use super::version::explained;
use super::{
    AppPorts, Found, Leaving, Master, Missing, Neighbours, Own, Role, ServerStat, ServerState,
    Socket, Unseen, Worker, find, servers,
};
use std::net::IpAddr;

/// Our lines by name, for balancers on which address and port do not identify them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The backend.
    pub backend: String,
    /// The main line.
    pub main: String,
    /// The backup line.
    pub backup: Option<String>,
}

/// One HAProxy, as one app on this host sees it.
#[derive(Debug, Clone)]
pub struct Balancer {
    /// Its name in messages: the address of its socket.
    pub name: String,
    pub(super) socket: Socket,
    master: Option<Master>,
    names: Option<Names>,
    pub(super) ports: AppPorts,
    neighbours: Neighbours,
    addresses: Vec<IpAddr>,
    worker: Option<Worker>,
    /// See [`Balancer::was_reloaded`].
    reloaded: bool,
    /// Another worker answered, and no look has shown the lines since. So the caller does not
    /// know it yet.
    undelivered: bool,
    pub(super) found: Option<Found>,
    /// For the lines that were found.
    pub(super) recent: Option<RecentCapacities>,
    pub(super) counted: Option<Counted>,
}

impl Balancer {
    /// A balancer that was not asked yet. `addresses` are this host's. Loopback addresses count
    /// if they are among them, or if the balancer runs here, behind a unix socket.
    pub fn new(
        socket: Socket,
        names: Option<Names>,
        ports: AppPorts,
        addresses: Vec<IpAddr>,
    ) -> Balancer {
        let name = socket.address.to_string();
        Balancer {
            name,
            socket,
            master: None,
            names,
            ports,
            neighbours: Neighbours::default(),
            addresses,
            worker: None,
            reloaded: false,
            undelivered: false,
            found: None,
            recent: None,
            counted: None,
        }
    }

    /// The same, with the master CLI that shows its leaving workers.
    pub fn with_master(self, master: Option<Master>) -> Balancer {
        Balancer { master, ..self }
    }

    /// The same, with what else the configuration has beside these ports.
    pub fn with_neighbours(self, neighbours: Neighbours) -> Balancer {
        Balancer { neighbours, ..self }
    }

    /// Finds our lines. The inner Err says in one line what is missing in HAProxy's
    /// configuration, or in ours.
    pub async fn find(&mut self) -> Result<Result<&Found, Missing>, Unseen> {
        (self.found, self.recent, self.reloaded) = (None, None, false);
        let commands = [info::COMMAND.to_owned(), servers::COMMAND.to_owned()];
        let answers = self.socket.ask(&commands).await?;
        let of_version = |unseen| explained(unseen, &answers[0]);
        let worker = Worker::parse(&answers[0]).map_err(of_version)?;
        self.worker = Some(worker);
        let servers = ServerState::parse(&answers[1]).map_err(of_version)?;
        let found = self.among(servers);
        Ok(found.map(|found| &*self.found.insert(found)))
    }

    fn among(&self, servers: Vec<ServerState>) -> Result<Found, Missing> {
        let is_ours = |server: &ServerState| self.is_ours(server);
        let (own, siblings) = match &self.names {
            Some(_) if self.neighbours.ours != Ours::App => return Err(by_name_of_app()),
            Some(_) if !self.neighbours.other_targets.is_empty() => return Err(by_name_of_one()),
            Some(names) => (by_name(&servers, names, self.ports)?, Vec::new()),
            None => {
                let siblings = siblings(&servers, self.ports, &self.neighbours, is_ours)?;
                let own = find(&servers, self.ports, is_ours);
                (own.map_err(|missing| self.explained(missing))?, siblings)
            }
        };
        let neighbours = self.neighbours.clone();
        Ok(Found {
            own,
            siblings,
            neighbours,
            servers,
        })
    }

    /// The fix of a missing marker is not that of a missing line of the app.
    fn explained(&self, missing: Missing) -> Missing {
        match self.neighbours.ours {
            Ours::Marker => without_marker(self.ports),
            Ours::App | Ours::Page => missing,
        }
    }

    pub(super) fn is_ours(&self, server: &ServerState) -> bool {
        server.address.is_some_and(|address| self.has(&address))
    }

    /// The address is one of this host's.
    pub(super) fn has(&self, address: &IpAddr) -> bool {
        self.addresses.contains(address) || (address.is_loopback() && self.is_here())
    }

    /// It runs on this host, so a loopback address in its server lines is ours.
    pub fn is_here(&self) -> bool {
        matches!(self.socket.address, Address::Unix(_))
    }

    /// The address of its stats socket.
    pub fn address(&self) -> &Address {
        &self.socket.address
    }

    /// Our lines, as found last.
    pub fn own(&self) -> &[Own] {
        self.found.as_ref().map_or(&[], |found| &found.own)
    }

    /// The last look showed our lines on another worker than the one before it.
    pub fn was_reloaded(&self) -> bool {
        self.reloaded
    }

    /// The worker that answered last.
    pub fn worker(&self) -> Option<&Worker> {
        self.worker.as_ref()
    }

    /// Our lines as they are now. It finds them again if another worker answers, because ids may
    /// have changed with its configuration.
    pub async fn poll(&mut self) -> Result<Vec<(Own, ServerStat)>, Unseen> {
        let before = self.worker.clone();
        let lines = self.poll_again().await;
        let changed = before.is_some() && self.worker != before;
        let reloaded = changed || self.undelivered;
        self.reloaded = reloaded && lines.is_ok();
        self.undelivered = reloaded && lines.is_err();
        lines
    }

    /// One look shows another worker, one finds the lines again, and one reads them.
    async fn poll_again(&mut self) -> Result<Vec<(Own, ServerStat)>, Unseen> {
        for _ in 0..3 {
            let Some(found) = &self.found else {
                self.find()
                    .await?
                    .map_err(|missing| Unseen::Gone(missing.to_string()))?;
                continue;
            };
            let (worker, lines) = self.ask_for(found).await?;
            match lines {
                Some(lines) if self.worker.as_ref() == Some(&worker) => {
                    self.worker = Some(worker);
                    return Ok(lines);
                }
                _ => self.found = None,
            }
        }
        Err(Unseen::Changing)
    }

    /// None in place of the lines: a row belongs to another server, so the ids are no longer
    /// ours.
    async fn ask_for(
        &self,
        found: &Found,
    ) -> Result<(Worker, Option<Vec<(Own, ServerStat)>>), Unseen> {
        let stat = |own: &Own| ServerStat::command(own.backend_id, Some(own.server_id));
        let mut commands = vec![info::COMMAND.to_owned()];
        commands.extend(found.own.iter().map(stat));
        let answers = self.socket.ask(&commands).await?;
        let worker = Worker::parse(&answers[0])?;
        let mut lines = Vec::new();
        for (own, (command, answer)) in found
            .own
            .iter()
            .zip(commands[1..].iter().zip(&answers[1..]))
        {
            match row_of(own, ServerStat::parse(answer, command)?) {
                Some(row) => lines.push((own.clone(), row)),
                None => return Ok((worker, None)),
            }
        }
        Ok((worker, Some(lines)))
    }

    /// Its leaving workers can be asked.
    pub fn has_master(&self) -> bool {
        self.master.is_some()
    }

    /// What its leaving workers carry on our lines; None: they can't be asked.
    pub async fn leaving(&self) -> Result<Option<Vec<Leaving>>, Unseen> {
        match &self.master {
            Some(master) => match master.leaving(self.own()).await {
                Ok(leaving) => Ok(Some(leaving)),
                Err(unseen) => Err(Unseen::Master(
                    master.socket.address.to_string(),
                    Box::new(unseen),
                )),
            },
            None => Ok(None),
        }
    }
}

fn row_of(own: &Own, mut rows: Vec<ServerStat>) -> Option<ServerStat> {
    let row = rows.pop().filter(|_| rows.is_empty())?;
    (row.backend == own.backend && row.server == own.server).then_some(row)
}

fn by_name_of_app() -> Missing {
    Missing {
        what: "backend, main and backup name the lines of the app, and no key names that of its \
               page or marker"
            .to_owned(),
        fix: "take them out of [[haproxy]], and set [agent] addresses".to_owned(),
        checks: None,
    }
}

fn by_name_of_one() -> Missing {
    Missing {
        what: "backend, main and backup name the lines of one target, and the app has several"
            .to_owned(),
        fix: "take them out of [[haproxy]], and set [agent] addresses".to_owned(),
        checks: None,
    }
}

fn by_name(servers: &[ServerState], names: &Names, ports: AppPorts) -> Result<Vec<Own>, Missing> {
    let line = |name: &str, role: Role| {
        let found = servers
            .iter()
            .find(|s| s.backend == names.backend && s.server == name);
        let missing = || Missing {
            what: format!("no server {}/{name}", names.backend),
            fix: "fix `backend`, `main` or `backup`".to_owned(),
            checks: None,
        };
        // A line found by name has a foreign address: there is a proxy or NAT in between.
        let own = |server| Own {
            address: None,
            check_address: None,
            ..Own::new(server, role)
        };
        found.map(own).ok_or_else(missing)
    };
    let twin = match ports.backup_status_port {
        Some(_) => Role::Twin,
        None => Role::ClassicTwin,
    };
    let mut own = vec![line(&names.main, Role::Main)?];
    if let Some(backup) = &names.backup {
        own.push(line(backup, twin)?);
    }
    Ok(own)
}
