//! The other servers of our backends: would there be enough without this host?

use super::{Balancer, Own, ServerStat, Unseen, other_servers};

/// How a backend would do without us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Others {
    /// The backend.
    pub backend: String,
    /// Its other servers that take new users now.
    pub usable: usize,
    /// One of our own lines, main or twin, carries users now.
    pub own_usable: bool,
}

impl Others {
    /// Which backend of which balancer.
    pub fn of(&self, balancer: &str) -> String {
        format!("{balancer} backend {}", self.backend)
    }

    /// That there are fewer than asked for.
    pub fn told(&self, balancer: &str, min_available: usize) -> String {
        let (of, usable) = (self.of(balancer), self.usable);
        format!("{of} has {usable} other usable servers, min_available is {min_available}")
    }
}

impl Balancer {
    /// The other servers of every backend that serves us. Asks for those backends whole:
    /// for the preflight, not for polling.
    pub async fn others(&self) -> Result<Vec<Others>, Unseen> {
        let Some(found) = &self.found else {
            return Ok(Vec::new());
        };
        let mut backends: Vec<(u64, &str)> = Vec::new();
        for own in &found.own {
            if !backends.iter().any(|(id, _)| *id == own.backend_id) {
                backends.push((own.backend_id, &own.backend));
            }
        }
        let commands: Vec<String> = backends
            .iter()
            .map(|(id, _)| ServerStat::command(*id, None))
            .collect();
        let answers = self.socket.ask(&commands).await?;
        let mut others = Vec::new();
        for ((_, backend), (command, answer)) in backends.iter().zip(commands.iter().zip(&answers))
        {
            let stats = ServerStat::parse(answer, command)?;
            let is_own = |stat: &ServerStat| {
                let ours = |own: &Own| own.backend == stat.backend && own.server == stat.server;
                found.own.iter().any(ours)
            };
            others.push(Others {
                backend: (*backend).to_owned(),
                usable: other_servers(backend, found, &stats),
                own_usable: stats
                    .iter()
                    .any(|stat| is_own(stat) && stat.status.is_usable()),
            });
        }
        Ok(others)
    }
}
