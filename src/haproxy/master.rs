//! The master CLI (`haproxy -W -S`): what leaving workers still carry after a reload. Their status
//! words are frozen, as they run no checks any more, but their counts are live.
//!
//! An old worker has its old configuration, with other ids and perhaps other names. So the agent
//! finds our lines in the worker's own `show servers state`, by name or by address and port. A name
//! alone is not enough for `show stat`: a frontend may have the same one.

use super::{Leaving, Own, ServerStat, ServerState, Socket, Unseen, servers};
use std::net::SocketAddr;

/// The command that lists the workers.
const COMMAND: &str = "show proc";

/// What the leaving workers of one balancer carry on lines of ours.
#[derive(Debug, Clone)]
pub struct Master {
    /// The master CLI; any level is enough.
    pub socket: Socket,
}

impl Master {
    /// The lines of the leaving workers that still have something in flight or queued. It asks
    /// once if no worker leaves, and else twice more for each: frequent polls of the master have
    /// caused trouble (haproxy/haproxy#1512, #3070).
    ///
    /// # Errors
    ///
    /// [`Unseen`]: not all leaving workers could be asked. A worker that has ended meanwhile
    /// carries nothing, and is no error. Both happen for a moment while the master restarts
    /// itself in a reload, and while a worker ends that is still listed.
    pub async fn leaving(&self, own: &[Own]) -> Result<Vec<Leaving>, Unseen> {
        let mut leaving = Vec::new();
        for pid in self.old_workers().await? {
            match self.carried_by(pid, own).await {
                Ok(lines) => leaving.extend(lines),
                Err(unseen) if self.old_workers().await?.contains(&pid) => return Err(unseen),
                Err(_ended) => {}
            }
        }
        Ok(leaving)
    }

    async fn old_workers(&self) -> Result<Vec<u64>, Unseen> {
        old_workers(&self.socket.ask_master(&[COMMAND.to_owned()]).await?[0])
    }

    async fn carried_by(&self, pid: u64, own: &[Own]) -> Result<Vec<Leaving>, Unseen> {
        let to_it = |command: &str| format!("@!{pid} {command}");
        let answers = self.socket.ask_master(&[to_it(servers::COMMAND)]).await?;
        let servers = ServerState::parse(&answers[0])?;
        let ours: Vec<&ServerState> = servers.iter().filter(|s| is_ours(s, own)).collect();
        if ours.is_empty() {
            return Ok(Vec::new());
        }
        let command =
            |s: &&ServerState| to_it(&ServerStat::command(s.backend_id, Some(s.server_id)));
        let commands: Vec<String> = ours.iter().map(command).collect();
        let answers = self.socket.ask_master(&commands).await?;
        let mut leaving = Vec::new();
        for (server, (command, answer)) in ours.iter().zip(commands.iter().zip(&answers)) {
            leaving.extend(carried(pid, server, ServerStat::parse(answer, command)?)?);
        }
        Ok(leaving)
    }
}

fn is_ours(server: &ServerState, own: &[Own]) -> bool {
    let address = server.address.map(|ip| SocketAddr::new(ip, server.port));
    own.iter().any(|own| {
        let named = (&own.backend, &own.server) == (&server.backend, &server.server);
        named || (address.is_some() && own.address == address)
    })
}

fn carried(
    pid: u64,
    server: &ServerState,
    rows: Vec<ServerStat>,
) -> Result<Option<Leaving>, Unseen> {
    let line = format!("{}/{}", server.backend, server.server);
    match &rows[..] {
        [row] if row.backend == server.backend && row.server == server.server => {
            let (in_flight, mode) = (row.in_flight, row.mode);
            Ok((in_flight > 0).then_some(Leaving {
                pid,
                line,
                in_flight,
                mode,
            }))
        }
        _ => Err(Unseen::strange(
            "show stat",
            format!("not the row of {line}"),
        )),
    }
}

/// The pids under `# old workers`. 2.6 and 3.0 add `# programs`, 3.2 does not.
fn old_workers(answer: &str) -> Result<Vec<u64>, Unseen> {
    let strange = |what: &str| Unseen::strange(COMMAND, what);
    let mut lines = answer.lines();
    if !lines.next().is_some_and(|line| line.starts_with("#<PID>")) {
        return Err(strange(answer));
    }
    if !answer.lines().any(|line| line == "# workers") {
        return Err(strange("no workers in it"));
    }
    let (mut section, mut pids) = ("", Vec::new());
    for line in lines {
        if line.starts_with('#') {
            section = line;
        } else if section == "# old workers" {
            let mut fields = line.split_whitespace();
            match (fields.next().map(str::parse), fields.next()) {
                (Some(Ok(pid)), Some("worker")) => pids.push(pid),
                _ => return Err(strange(line)),
            }
        }
    }
    Ok(pids)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(version: &str, name: &str) -> String {
        let root = env!("CARGO_MANIFEST_DIR");
        let path = format!("{root}/tests/haproxy_answers/{version}/{name}");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        text.trim_end().to_owned()
    }

    #[test]
    fn every_versions_old_workers_are_found() {
        for version in ["2.6", "3.0", "3.2"] {
            let of = |name| old_workers(&recorded(version, name));
            assert_eq!(of("show-proc.txt"), Ok(vec![14]), "{version}");
            assert_eq!(of("show-proc-one-worker.txt"), Ok(vec![]), "{version}");
            assert!(of("leaving-gone.txt").is_err(), "{version}");
        }
    }

    #[test]
    fn every_versions_leaving_line_is_counted() {
        for version in ["2.6", "3.0", "3.2"] {
            let servers = ServerState::parse(&recorded(version, "servers_state")).unwrap();
            let stat = recorded(version, "leaving-stat.txt");
            let rows = ServerStat::parse(&stat, "show stat").unwrap();
            for (server, row) in servers.iter().zip(rows) {
                let carried = carried(14, server, vec![row]).unwrap();
                let of = carried.map(|leaving| (leaving.line, leaving.in_flight));
                let expected = (server.server == "web1").then(|| ("srvs/web1".to_owned(), 1));
                assert_eq!(of, expected, "{version}");
            }
            assert!(carried(14, &servers[0], Vec::new()).is_err());
        }
    }

    #[test]
    fn another_list_or_half_a_line_is_strange() {
        let whole = recorded("2.6", "show-proc.txt");
        assert!(old_workers(&whole.replace("# workers", "# w")).is_err());
        assert!(old_workers(&whole.replace("14 ", "x ")).is_err());
        assert!(old_workers("").is_err());
    }
}
