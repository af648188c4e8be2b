//! Asks a balancer what has gone wrong on our lines and on those of the other servers. It reads
//! whole backends, so it asks no oftener than for their capacity.

use super::recent::Counted;
use super::stat::{Row, mode, rows};
use super::{
    BackendErrors, Balancer, ErrorCounts, Found, Mode, Own, ServerStat, Unseen, Worker, info,
};
use crate::text::escape;
use std::time::Instant;

/// One line's name, and its counters.
type Line = (String, ErrorCounts);

impl Balancer {
    /// HAProxy's counters of every backend that serves us, all of the worker that our lines were
    /// found on. None: it is too early to ask again, because big backends cost HAProxy time.
    ///
    /// # Errors
    ///
    /// The balancer can't be asked, or another worker answers.
    pub async fn errors_if_due(&mut self) -> Result<Option<Vec<BackendErrors>>, Unseen> {
        if self.early_by().is_some() {
            return Ok(None);
        }
        let Some(found) = &self.found else {
            return Ok(Some(Vec::new()));
        };
        let (at, backends) = (Instant::now(), found.backends());
        let mut commands = vec![info::COMMAND.to_owned()];
        commands.extend(
            backends
                .iter()
                .map(|(id, _)| ServerStat::command(*id, None)),
        );
        let answers = self.socket.ask(&commands).await?;
        if self.worker() != Some(&Worker::parse(&answers[0])?) {
            return Err(Unseen::Changing);
        }
        let mut errors = Vec::new();
        for ((_, backend), (command, answer)) in
            backends.iter().zip(commands[1..].iter().zip(&answers[1..]))
        {
            errors.push(found.errors(backend, &lines(answer, command)?)?);
        }
        let servers = u32::try_from(self.servers_beside()).unwrap_or(u32::MAX);
        self.counted = Some(Counted { at, servers });
        Ok(Some(errors))
    }
}

impl Found {
    /// Ours and those of other servers. Err: a line of ours is not in it.
    fn errors(&self, backend: &str, lines: &[Line]) -> Result<BackendErrors, Unseen> {
        let own: Vec<&Own> = self
            .own
            .iter()
            .filter(|own| own.backend == backend)
            .collect();
        let is_own = |(server, _): &&Line| own.iter().any(|own| own.server == *server);
        let is_sibling = |(server, _): &&Line| {
            let mut siblings = self.siblings.iter();
            siblings.any(|one| one.backend == backend && one.server == *server)
        };
        let (ours, others): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(is_own);
        if ours.len() != own.len() {
            return Err(Unseen::Changing);
        }
        let others = others.into_iter().filter(|line| !is_sibling(line));
        Ok(BackendErrors {
            backend: backend.to_owned(),
            ours: ours.into_iter().map(|(_, counts)| *counts).sum(),
            others: others.map(|(_, counts)| *counts).sum(),
        })
    }
}

/// A row that can't be read is a server without counters: it only lacks in what is beside ours.
fn lines(answer: &str, command: &str) -> Result<Vec<Line>, Unseen> {
    rows(answer, command, |row| {
        let name = row.text("svname")?.to_owned();
        Ok((escape(&name), counts(row).unwrap_or_default()))
    })
}

fn counts(row: &Row) -> Result<ErrorCounts, String> {
    let tries = row.number("stot")?;
    let (requests, answers_5xx) = match mode(row) {
        Mode::Tcp => (tries, 0),
        Mode::Http => (row.number("req_tot")?, row.number("hrsp_5xx")?),
    };
    Ok(ErrorCounts {
        tries,
        requests,
        answers_5xx,
        connect_errors: row.number("econ")?,
        response_errors: row.number("eresp")?,
        retries: row.number("wretr")?,
        redispatches: row.number("wredis")?,
    })
}
