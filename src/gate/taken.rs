//! Finds the owner of a status port that this process can't reserve.

use super::listener::{has, listeners, owners};
use crate::state::directory;
use crate::state::lock::{Lock, Owner};
use crate::tcp::{self, Bound, Passing};
use crate::text::escape;
use nix::libc::EADDRINUSE;
use nix::unistd::geteuid;
use procfs::KernelVersion;
use procfs::process::Process;
use std::io;
use std::path::Path;

/// The owner of a status port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// An agent has reserved it, mostly the sidecar. The text names it.
    Reserved(String),
    /// A process listens there, and answers checks. [`listeners`] names it.
    Listening,
    /// Processes have bound it, and may listen there at any moment. The text names them.
    Bound(Vec<String>),
    /// Connections that this host has made from it. They answer no check, and end.
    Passing(Vec<String>),
    /// The system does not let us bind it. The text has the reason.
    Denied(String),
}

/// The owner of `port`, after binding it has failed with `error`.
pub fn taken(port: u16, error: &io::Error, state_dir: &Path) -> Taken {
    if error.raw_os_error() != Some(EADDRINUSE) {
        return Taken::Denied(error.to_string());
    }
    shown(port, state_dir).unwrap_or_else(|| {
        // This kernel does not show which process bound a port, but the lock shows it.
        match Lock::owner(&directory::port_lock(state_dir, port)) {
            Some(who) => Taken::Reserved(crate::state::lock::describe(who.as_ref())),
            None => Taken::Bound(vec![unnamed()]),
        }
    })
}

/// The owner of `port`, as far as the kernel shows it. It is complete if the kernel
/// [`shows_bound`] sockets.
pub fn shown(port: u16, state_dir: &Path) -> Option<Taken> {
    if !listeners(port).is_empty() {
        return Some(Taken::Listening);
    }
    let lock = directory::port_lock(state_dir, port);
    let mut said = Lock::last_owner(&lock);
    let held = tcp::held(port).unwrap_or_default();
    let (agents, mut others): (Vec<&Bound>, Vec<&Bound>) = held
        .bound
        .iter()
        .partition(|one| is_an_agents(one, said.as_ref()));
    let mut agents = agents.len();
    // Only root sees whether a socket of root's is an agent's.
    let is_known = |one: &Bound| one.uid != 0 || owners(one.inode).next().is_some();
    others.retain(|one| geteuid().is_root() || is_known(one));
    if others.iter().any(|one| one.uid == 0)
        && let Some(owner) = Lock::owner(&lock)
    {
        let before = others.len();
        let is_the_lock_owners = |one: &Bound| is_the_lock_owners(one, owner.as_ref());
        others.retain(|one| !is_the_lock_owners(one));
        agents += before - others.len();
        said = owner.or(said);
    }
    // This process may have one family, and want the other.
    let agent = said.filter(|who| agents > 0 && who.pid != std::process::id());
    let passing = match &agent {
        Some(_) => Vec::new(),
        None => held.passing,
    };
    let chosen = passing.iter().filter(|one| is_chosen(one, port));
    let bound = others.into_iter().map(named);
    let bound: Vec<String> = bound.chain(chosen.map(connection)).collect();
    match agent {
        _ if !bound.is_empty() => Some(Taken::Bound(bound)),
        Some(who) => Some(Taken::Reserved(who.describe())),
        None if passing.is_empty() => None,
        None => Some(Taken::Passing(passing.iter().map(connection).collect())),
    }
}

/// Linux 6.8 and newer.
pub fn shows_bound() -> bool {
    let shows = KernelVersion::new(6, 8, 0);
    KernelVersion::current().is_ok_and(|current| current >= shows)
}

/// A process has bound the port to connect from it. With SO_REUSEADDR it can listen there, too,
/// beside its own connection. The kernel's own choice for connections is only in its range of
/// ports.
fn is_chosen(passing: &Passing, port: u16) -> bool {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let range = range.unwrap_or_default();
    let mut ends = range.split_whitespace().map(str::parse::<u16>);
    let is_given = match (ends.next(), ends.next()) {
        (Some(Ok(first)), Some(Ok(last))) => (first..=last).contains(&port),
        _ => true,
    };
    !is_given && !passing.is_over && passing.uid != 0
}

/// This process has it in the other family, or another agent has it.
fn is_an_agents(bound: &Bound, said: Option<&Owner>) -> bool {
    let pids = said
        .map(|who| who.pid)
        .into_iter()
        .chain([std::process::id()]);
    let mut processes = pids.filter_map(|pid| Process::new(pid.cast_signed()).ok());
    bound.uid == 0 && processes.any(|process| has(&process, bound.inode))
}

/// A socket of root's, while an agent has the port's lock. In a sandbox an agent can't look into
/// the files of another one with more capabilities. So a socket without a visible process counts
/// as that agent's, unless this process has the lock. On a full disk the lock owner could not
/// write its name.
fn is_the_lock_owners(bound: &Bound, owner: Option<&Owner>) -> bool {
    bound.uid == 0
        && match owner {
            Some(owner) => owner.pid != std::process::id() && owners(bound.inode).next().is_none(),
            None => true,
        }
}

fn named(bound: &Bound) -> String {
    match owners(bound.inode).next() {
        Some(stat) => {
            let name = escape(&stat.comm);
            format!("{name} (pid {}) on {}", stat.pid, bound.local)
        }
        None => format!(
            "an unknown process of user {} on {}",
            bound.uid, bound.local
        ),
    }
}

fn unnamed() -> String {
    "a process that this kernel does not show (Linux 6.8 does; `lsof -nP | grep 'protocol: TCP'` \
     lists the candidates)"
        .to_owned()
}

fn connection(passing: &Passing) -> String {
    let whose = owners(passing.inode).next().filter(|_| passing.inode != 0);
    match (passing.is_over, whose) {
        (true, _) => format!("a connection to {} that is over (TIME_WAIT)", passing.peer),
        (false, Some(stat)) => {
            let name = escape(&stat.comm);
            format!(
                "a connection of {name} (pid {}) to {}",
                stat.pid, passing.peer
            )
        }
        (false, None) => format!("a connection to {}", passing.peer),
    }
}

impl Taken {
    /// The reason to refuse an operation that closes gates, with the fix.
    pub fn threat(&self, port: u16) -> Vec<String> {
        let threat = |who: &String| {
            format!(
                "{who} has bound the status port {port}, and can answer HAProxy's checks at any \
                 moment: stop it, or choose another status port"
            )
        };
        match self {
            Taken::Bound(who) => who.iter().map(threat).collect(),
            _ => Vec::new(),
        }
    }

    /// Why the port is not reserved, if that is no reason to wait. None: an agent has reserved
    /// it, or it is another kind of trouble.
    pub fn unreserved(&self, port: u16) -> Option<String> {
        let why = match self {
            Taken::Passing(who) => format!(
                "it is the source port of {}; add it to the sysctl net.ipv4.ip_local_reserved_ports",
                who.join(", ")
            ),
            Taken::Denied(why) => why.clone(),
            Taken::Reserved(_) | Taken::Listening | Taken::Bound(_) => return None,
        };
        Some(format!("the status port {port} can't be reserved: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_socket_that_no_process_shows_is_of_the_agent_that_has_the_lock() {
        let here = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let shown = rustix::fs::fstat(here.as_fd()).unwrap().st_ino;
        let hidden = u64::MAX;
        let own = Owner::new("agent restart web");
        let other = Owner {
            pid: 1,
            ..Owner::new("agent run")
        };
        for (inode, uid, owner, is_his) in [
            (hidden, 0, Some(&other), true),
            (hidden, 1000, Some(&other), false),
            // This process sees its own sockets.
            (hidden, 0, Some(&own), false),
            (shown, 0, Some(&other), false),
            (hidden, 0, None, true),
            (hidden, 1000, None, false),
        ] {
            let local = here.local_addr().unwrap();
            let bound = Bound { local, inode, uid };
            let found = is_the_lock_owners(&bound, owner);
            assert_eq!(found, is_his, "{inode} {uid} {owner:?}");
        }
    }
}
