//! Asks a balancer for the capacity of our backends. That needs whole backends, so it does not
//! happen at each poll.

use super::recent::{Counted, RecentCapacities};
use super::{BackendCapacity, Balancer, Found, Own, ServerStat, ServerState, Unseen};
use std::time::{Duration, Instant};

/// Repeated looks spend at most one part in so many of their time on whole backends.
const PART: u32 = 100;

/// The time between two looks at whole backends while our own lines go DOWN, for each server in
/// them. HAProxy takes a tenth of it to print a server: so a look costs a tenth of one thread.
const EACH: Duration = Duration::from_micros(125);

/// The oldest answer that counts, however slow the balancer is.
const OLDEST: Duration = Duration::from_secs(10);

impl Balancer {
    /// [`Balancer::capacities`], perhaps as of a moment ago: for repeated looks at backends so
    /// big that an answer takes time.
    ///
    /// # Errors
    ///
    /// As [`Balancer::capacities`].
    pub async fn recent_capacities(&mut self) -> Result<Vec<BackendCapacity>, Unseen> {
        let recent = self.recent.take();
        let is_good =
            |recent: &RecentCapacities| recent.at.elapsed() < (recent.took * PART).min(OLDEST);
        let recent = match recent.filter(is_good) {
            Some(recent) => recent,
            None => {
                let asked = Instant::now();
                RecentCapacities {
                    capacities: self.capacities().await?,
                    at: Instant::now(),
                    took: asked.elapsed(),
                }
            }
        };
        Ok(self.recent.insert(recent).capacities.clone())
    }

    /// [`Balancer::capacities`] as they are now, for an operation that must see soon that another
    /// host goes, too. None: it is too early to ask again, because big backends cost HAProxy
    /// time.
    ///
    /// # Errors
    ///
    /// As [`Balancer::capacities`].
    pub async fn capacities_if_due(&mut self) -> Result<Option<Vec<BackendCapacity>>, Unseen> {
        match self.early_by() {
            Some(_) => Ok(None),
            None => self.counted_capacities().await.map(Some),
        }
    }

    /// [`Balancer::capacities`] as they are now, as soon as it may ask again.
    ///
    /// # Errors
    ///
    /// As [`Balancer::capacities`].
    pub async fn capacities_when_due(&mut self) -> Result<Vec<BackendCapacity>, Unseen> {
        if let Some(early) = self.early_by() {
            tokio::time::sleep(early).await;
        }
        self.counted_capacities().await
    }

    /// How long it is too early to ask for whole backends.
    pub(super) fn early_by(&self) -> Option<Duration> {
        let counted = self.counted.as_ref()?;
        (EACH * counted.servers).checked_sub(counted.at.elapsed())
    }

    async fn counted_capacities(&mut self) -> Result<Vec<BackendCapacity>, Unseen> {
        let (at, capacities) = (Instant::now(), self.capacities().await?);
        let servers = u32::try_from(self.servers_beside()).unwrap_or(u32::MAX);
        self.counted = Some(Counted { at, servers });
        Ok(capacities)
    }

    /// The number of servers in the backends that serve us.
    pub(super) fn servers_beside(&self) -> usize {
        let Some(found) = &self.found else {
            return 0;
        };
        let beside = |server: &&ServerState| {
            let mut own = found.own.iter();
            own.any(|own| own.backend_id == server.backend_id)
        };
        found.servers.iter().filter(beside).count()
    }

    /// The capacity of every backend that serves us. It asks for whole backends, so it is for the
    /// preflight and not for polling.
    pub async fn capacities(&self) -> Result<Vec<BackendCapacity>, Unseen> {
        let Some(found) = &self.found else {
            return Ok(Vec::new());
        };
        let backends = found.backends();
        let commands: Vec<String> = backends
            .iter()
            .map(|(id, _)| ServerStat::command(*id, None))
            .collect();
        let answers = self.socket.ask(&commands).await?;
        let mut capacities = Vec::new();
        for ((_, backend), (command, answer)) in backends.iter().zip(commands.iter().zip(&answers))
        {
            let stats = ServerStat::parse_backend(answer, command)?;
            let is_there = |own: &Own| {
                let mut of = stats.iter();
                of.any(|stat| (&stat.backend, &stat.server) == (&own.backend, &own.server))
            };
            // Another worker may have answered. Its ids belong to other backends, and a count of
            // them would be wrong.
            let mut own = found.own.iter().filter(|own| own.backend == *backend);
            if !own.all(is_there) {
                return Err(Unseen::Changing);
            }
            capacities.push(BackendCapacity::count(backend, found, &stats));
        }
        Ok(capacities)
    }
}

impl Found {
    /// The backends that serve us, each with its id.
    pub(super) fn backends(&self) -> Vec<(u64, &str)> {
        let mut backends: Vec<(u64, &str)> = Vec::new();
        for own in &self.own {
            if !backends.iter().any(|(id, _)| *id == own.backend_id) {
                backends.push((own.backend_id, &own.backend));
            }
        }
        backends
    }
}
