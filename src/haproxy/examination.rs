//! Everything that one balancer shows of itself and of the backends that serve us. Only `agent
//! doctor` asks for it: it is much more than a poll needs.

use super::stat::{Row, rows};
use super::version::explained;
use super::{
    BackendCapacity, Balancer, CheckStatus, Found, Missing, Own, ServerStat, ServerState, Unseen,
    Worker, info,
};
use crate::text::escape;
use std::net::IpAddr;

/// The command that shows the socket's level (HAProxy's management guide, 9.3).
const LEVEL: &str = "show cli level";

/// What a client of a stats socket may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Read: all the agent needs.
    User,
    /// See sessions, clear counters.
    Operator,
    /// Change servers, and everything else.
    Admin,
}

/// One server line of a backend that serves us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its row of `show stat`.
    pub stat: ServerStat,
    /// The state of its check; None: it has no check of its own.
    pub check: Option<Checked>,
    /// The progress of its slow start in percent; None: there is none.
    pub throttle: Option<u64>,
    /// Its cookie; None: it has none, or the socket's level does not show it.
    pub cookie: Option<String>,
}

/// A server line's check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// How the last one ended.
    pub status: CheckStatus,
    /// Good checks in a row that bring it UP.
    pub rise: u64,
    /// Bad checks in a row that bring it DOWN.
    pub fall: u64,
}

/// Why our lines are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// They are missing or wrong.
    Missing(Missing),
    /// They can't be seen.
    Unseen(Unseen),
}

/// What one balancer shows.
#[derive(Debug, Clone)]
pub struct Examination {
    /// The worker that answers.
    pub info: Worker,
    /// None: it did not say (HAProxy before 1.8).
    pub level: Option<Level>,
    /// Our lines.
    pub found: Result<Found, Lost>,
    /// Lines that check a status port of ours, but send users to another port than the app's.
    pub mismatched: Vec<ServerState>,
    /// The addresses that lines are checked at and that this host does not have.
    pub elsewhere: Vec<IpAddr>,
    /// Every server of the backends that serve us.
    pub listed: Vec<Listed>,
    /// The capacity of these backends without us.
    pub backends: Vec<BackendCapacity>,
    /// Whether the master CLI shows what leaving workers carry; None: there is no master, or our
    /// lines were not found and it was not asked.
    pub master: Option<Result<(), Unseen>>,
}

impl Balancer {
    /// Looks at everything.
    ///
    /// # Errors
    ///
    /// It can't be reached, or does not answer as HAProxy does. The result names everything else
    /// that can't be seen.
    pub async fn examine(&mut self) -> Result<Examination, Unseen> {
        let answers = self.socket.ask(&[info::COMMAND.to_owned()]).await?;
        let info = Worker::parse(&answers[0]);
        let info = info.map_err(|unseen| explained(unseen, &answers[0]))?;
        let level = self.level().await;
        let found = match self.find().await {
            Ok(found) => found.cloned().map_err(Lost::Missing),
            Err(unseen) => Err(Lost::Unseen(unseen)),
        };
        let mut seen = Examination {
            info,
            level,
            found,
            mismatched: Vec::new(),
            elsewhere: Vec::new(),
            listed: Vec::new(),
            backends: Vec::new(),
            master: None,
        };
        if let Ok(found) = &seen.found {
            let mismatched = found
                .servers
                .iter()
                .filter(|server| self.is_mismatched(server, found));
            seen.mismatched = mismatched.cloned().collect();
            let checked = found
                .servers
                .iter()
                .filter_map(|server| server.check_address);
            seen.elsewhere = checked.filter(|at| !self.has(at)).collect();
            (seen.listed, seen.backends) = self.backends(found).await?;
            seen.master = self.leaving().await.map(|seen| seen.map(drop)).transpose();
        }
        Ok(seen)
    }

    async fn level(&self) -> Option<Level> {
        let answers = self.socket.ask(&[LEVEL.to_owned()]).await.ok()?;
        match answers[0].trim() {
            "user" => Some(Level::User),
            "operator" => Some(Level::Operator),
            "admin" => Some(Level::Admin),
            _ => None,
        }
    }

    fn is_mismatched(&self, server: &ServerState, found: &Found) -> bool {
        let gated = [Some(self.ports.status_port), self.ports.backup_status_port];
        let checks_us = gated.contains(&Some(server.check_port)) && self.is_ours(server);
        checks_us && !found.own.iter().any(|own| is_line(own, server))
    }

    async fn backends(&self, found: &Found) -> Result<(Vec<Listed>, Vec<BackendCapacity>), Unseen> {
        let (mut listed, mut capacities): (Vec<Listed>, Vec<BackendCapacity>) = Default::default();
        for own in &found.own {
            if capacities
                .iter()
                .any(|capacity| capacity.backend == own.backend)
            {
                continue;
            }
            let command = ServerStat::command(own.backend_id, None);
            let answer = self.socket.ask(std::slice::from_ref(&command)).await?;
            let stats = ServerStat::parse_backend(&answer[0], &command)?;
            capacities.push(BackendCapacity::count(&own.backend, found, &stats));
            // A row that can't be read has no details either.
            let details = rows(&answer[0], &command, |row| {
                Ok(detail(row).unwrap_or_default())
            })?;
            let both = stats.into_iter().zip(details);
            listed.extend(both.map(|(stat, (check, throttle, cookie))| Listed {
                stat,
                check,
                throttle,
                cookie,
            }));
        }
        Ok((listed, capacities))
    }
}

fn is_line(own: &Own, server: &ServerState) -> bool {
    (&own.backend, &own.server) == (&server.backend, &server.server)
}

type Detail = (Option<Checked>, Option<u64>, Option<String>);

fn detail(row: &Row) -> Result<Detail, String> {
    let optional = |column: &str| -> Result<Option<&str>, String> {
        Ok(Some(row.text(column)?).filter(|text| !text.is_empty()))
    };
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("a count {text:?}"));
    let throttle = optional("throttle")?.map(number).transpose()?;
    let cookie = optional("cookie")?.map(escape);
    let check = match (optional("check_rise")?, optional("check_fall")?) {
        (Some(rise), Some(fall)) => Some(Checked {
            status: CheckStatus::parse(&escape(row.text("check_status")?)),
            rise: number(rise)?,
            fall: number(fall)?,
        }),
        _ => None,
    };
    Ok((check, throttle.filter(|percent| *percent < 100), cookie))
}

impl Examination {
    /// The line of ours, as its backend lists it.
    pub fn listed(&self, own: &Own) -> Option<&Listed> {
        let of = |listed: &&Listed| {
            (&listed.stat.backend, &listed.stat.server) == (&own.backend, &own.server)
        };
        self.listed.iter().find(of)
    }

    /// Our lines.
    pub fn own(&self) -> &[Own] {
        self.found.as_ref().map_or(&[], |found| &found.own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "# pxname,svname,throttle,check_status,check_rise,check_fall,cookie";

    fn read(row: &str) -> Detail {
        let answer = format!("{HEADER}\n{row}");
        let mut rows = rows(&answer, "show stat 3 4 -1", detail).unwrap();
        rows.pop().unwrap()
    }

    #[test]
    fn a_check_under_way_shows_the_one_before() {
        let (check, throttle, cookie) = read("srvs,web1,40,* L4TOUT,2,3,w1");
        let check = check.unwrap();
        assert_eq!(
            (check.status.word(), check.rise, check.fall),
            ("L4TOUT", 2, 3)
        );
        assert_eq!((throttle, cookie.as_deref()), (Some(40), Some("w1")));
    }

    #[test]
    fn every_versions_table_is_read() {
        for version in ["2.6", "3.0", "3.2"] {
            let root = env!("CARGO_MANIFEST_DIR");
            let path = format!("{root}/tests/haproxy_answers/{version}/stat");
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
            let read = |row: &Row| Ok((row.text("svname")?.to_owned(), detail(row)?));
            let lines = rows(text.trim_end(), "show stat", read).unwrap();
            let of = |name: &str| &lines.iter().find(|(line, _)| line == name).unwrap().1;
            let check = of("web1").0.as_ref().unwrap();
            assert_eq!((check.rise, check.fall), (2, 2), "{version}");
            assert!(check.status.word().ends_with("OK"), "{version}: {check:?}");
            assert_eq!(of("nocheck").0, None, "{version}");
            assert!(of("slow").1.is_some(), "{version}: slow start is not over");
        }
    }

    #[test]
    fn a_missing_value_is_none() {
        assert_eq!(read("srvs,web1,,,,,"), (None, None, None));
        assert_eq!(
            read("srvs,web1,100,L4OK,2,3,").1,
            None,
            "slow start is over"
        );
    }
}
