//! Asking a balancer for the other servers of our backends: whole backends, and so not with each
//! poll.

use super::lately::{Counted, Lately};
use super::{Balancer, Others, Own, ServerStat, ServerState, Unseen};
use std::time::{Duration, Instant};

/// Who looks again and again asks for whole backends no longer than this part of the time.
const PART: u32 = 100;

/// Between two looks at whole backends while our own lines go DOWN, for each server in them. It
/// is ten times as long as HAProxy takes to print one: a tenth of the time of one of its threads.
const EACH: Duration = Duration::from_micros(125);

/// An older answer is none, however slow the balancer is.
const OLDEST: Duration = Duration::from_secs(10);

impl Balancer {
    /// [`Balancer::others`] as of a moment ago, where a backend is so big that its answer takes
    /// its time: for who looks again and again.
    ///
    /// # Errors
    ///
    /// As [`Balancer::others`].
    pub async fn others_lately(&mut self) -> Result<Vec<Others>, Unseen> {
        let lately = self.lately.take();
        let is_good = |lately: &Lately| lately.at.elapsed() < (lately.took * PART).min(OLDEST);
        let lately = match lately.filter(is_good) {
            Some(lately) => lately,
            None => {
                let asked = Instant::now();
                Lately {
                    others: self.others().await?,
                    at: Instant::now(),
                    took: asked.elapsed(),
                }
            }
        };
        Ok(self.lately.insert(lately).others.clone())
    }

    /// [`Balancer::others`] as they are now, for who must see soon that another host goes, too.
    /// None: not yet again, as big backends cost HAProxy its time.
    ///
    /// # Errors
    ///
    /// As [`Balancer::others`].
    pub async fn others_soon(&mut self) -> Result<Option<Vec<Others>>, Unseen> {
        match self.early_by() {
            Some(_) => Ok(None),
            None => self.others_counted().await.map(Some),
        }
    }

    /// [`Balancer::others`] as they are now, as soon as that may be asked again.
    ///
    /// # Errors
    ///
    /// As [`Balancer::others`].
    pub async fn others_in_time(&mut self) -> Result<Vec<Others>, Unseen> {
        if let Some(early) = self.early_by() {
            tokio::time::sleep(early).await;
        }
        self.others_counted().await
    }

    /// How long whole backends should not be asked for yet.
    fn early_by(&self) -> Option<Duration> {
        let counted = self.counted.as_ref()?;
        (EACH * counted.servers).checked_sub(counted.at.elapsed())
    }

    async fn others_counted(&mut self) -> Result<Vec<Others>, Unseen> {
        let (at, others) = (Instant::now(), self.others().await?);
        let servers = u32::try_from(self.servers_beside()).unwrap_or(u32::MAX);
        self.counted = Some(Counted { at, servers });
        Ok(others)
    }

    /// How many servers there are in the backends that serve us.
    fn servers_beside(&self) -> usize {
        let Some(found) = &self.found else {
            return 0;
        };
        let beside = |server: &&ServerState| {
            let mut own = found.own.iter();
            own.any(|own| own.backend_id == server.backend_id)
        };
        found.servers.iter().filter(beside).count()
    }

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
            let is_there = |own: &Own| {
                let mut of = stats.iter();
                of.any(|stat| (&stat.backend, &stat.server) == (&own.backend, &own.server))
            };
            // Another worker may have answered, whose ids are other backends': there nobody is UP.
            let mut own = found.own.iter().filter(|own| own.backend == *backend);
            if !own.all(is_there) {
                return Err(Unseen::Changing);
            }
            others.push(Others::count(backend, found, &stats));
        }
        Ok(others)
    }
}
