//! What HAProxy shows of our lines while the app is touched. The gates are closed, the lines were
//! DOWN, and the operation does not wait for them. If one is UP again, something else answers its
//! check, and users meet an app that restarts.

use super::Outcome;
use crate::haproxy::{BalancerObservation, CheckStatus, Role, ServerLine, Status};
use std::collections::{BTreeMap, BTreeSet};

/// What one operation knows of the lines of all balancers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClosedLines {
    /// By balancer and line.
    lines: BTreeMap<(String, String), Known>,
    /// Balancers that can't be seen and are reported.
    unseen: BTreeSet<String>,
    wrong: Vec<String>,
    causes: Vec<String>,
}

/// What is known of one line. A line that was never out is not in the map, and its UP is no news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// DOWN by its check.
    Out,
    /// The current worker has not shown it DOWN yet, or an operator held it. Its UP counts only
    /// after a check has passed.
    Unchecked,
    /// As before, and reported.
    UncheckedReported,
    /// UP behind its closed gate, and reported.
    Wrong,
}

/// What is new in one look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Lines that are UP behind their closed gates, one entry each.
    pub up: Vec<String>,
    /// Other notices for the operator.
    pub notices: Vec<String>,
}

impl ClosedLines {
    /// A look while the host goes out. A line that is DOWN now must stay DOWN.
    pub fn on_the_way_out(&mut self, balancers: &[BalancerObservation]) {
        for balancer in balancers {
            for line in balancer.lines() {
                let key = (balancer.name.clone(), line.name.clone());
                match &line.status {
                    status if is_down(status) => self.lines.insert(key, Known::Out),
                    Status::Maint(_) => self.lines.insert(key, Known::Unchecked),
                    _ => self.lines.remove(&key),
                };
            }
        }
    }

    /// A look while the app is touched.
    pub fn look(&mut self, balancer: &BalancerObservation) -> News {
        let name = &balancer.name;
        let mut news = News::default();
        let lines = match &balancer.answer {
            Ok(answer) => &answer.lines,
            Err(why) => {
                if self.unseen.insert(name.clone()) {
                    news.notices.push(format!(
                        "{name} can't be seen: {why}; the restart continues, and the agent does \
                         not know what this balancer shows of our lines"
                    ));
                }
                return news;
            }
        };
        self.unseen.remove(name);
        // The classic twin checks the app itself and has no gate.
        for line in lines.iter().filter(|line| line.role != Role::ClassicTwin) {
            let key = (name.clone(), line.name.clone());
            let before = match (self.lines.get(&key), balancer.reloaded) {
                (Some(_), true) => Some(Known::Unchecked),
                (known, _) => known.copied(),
            };
            let Some(now) = before.map(|before| judged(before, line)) else {
                // It is out for the first time and is watched from now on.
                if is_down(&line.status) {
                    self.lines.insert(key, Known::Out);
                }
                continue;
            };
            if before != Some(now) {
                self.reports(name, line, now, &mut news);
            }
            self.lines.insert(key, now);
        }
        news
    }

    fn reports(&mut self, name: &str, line: &ServerLine, now: Known, news: &mut News) {
        let what = format!("{name} {} is {}", line.name, line.status);
        match now {
            Known::Wrong => {
                news.up.push(format!(
                    "{what} although its gate is closed: HAProxy sends users to this host while the app \
                     restarts"
                ));
                let was = format!("{name} {} was {}", line.name, line.status);
                if !self.wrong.contains(&was) {
                    self.wrong.push(was);
                }
            }
            Known::UncheckedReported => news.notices.push(format!(
                "{what} before its first check: HAProxy was reloaded, or an operator has just set \
                 the line ready; until that check HAProxy may send users to this host"
            )),
            Known::Out | Known::Unchecked => {}
        }
    }

    /// Keeps why lines are UP, as far as this host can see it. Returns the causes that are not
    /// reported yet.
    pub fn new_causes(&mut self, causes: Vec<String>) -> Vec<String> {
        let causes = causes.into_iter();
        let new: Vec<String> = causes.filter(|one| !self.causes.contains(one)).collect();
        self.causes.extend(new.iter().cloned());
        new
    }

    /// Of the gates that are closed: those behind which HAProxy still sends users to a line.
    pub fn still_up(balancers: &[BalancerObservation], closed: &[Role]) -> Vec<Role> {
        let lines = balancers.iter().flat_map(BalancerObservation::lines);
        let up: Vec<Role> = lines
            .filter(|line| line.status.is_up())
            .map(|line| line.role)
            .collect();
        let closed = closed.iter().copied();
        closed.filter(|role| up.contains(role)).collect()
    }

    /// Corrects an outcome that claims success in spite of these lines. An outcome that is
    /// already a failure stays as it is; a note has the rest.
    pub fn judge(&self, outcome: Outcome) -> Outcome {
        let (closed, note) = match outcome {
            Outcome::Done { note } if !self.wrong.is_empty() => (false, note),
            Outcome::RestartedClosed if !self.wrong.is_empty() => (true, None),
            Outcome::NotOut { waiting, back, .. } => {
                return Outcome::NotOut {
                    waiting,
                    causes: self.causes.clone(),
                    back,
                };
            }
            outcome => return outcome,
        };
        Outcome::UpWhileClosed {
            lines: self.wrong.clone(),
            causes: self.causes.clone(),
            closed,
            note,
        }
    }
}

fn judged(before: Known, line: &ServerLine) -> Known {
    match (&line.status, before) {
        (status, _) if is_down(status) => Known::Out,
        // On its way up: its check passes, but it gets no users yet.
        (Status::Down(_), before) => before,
        (Status::Maint(_), _) => Known::Unchecked,
        (Status::NoCheck, _) | (_, Known::Out | Known::Wrong) => Known::Wrong,
        // After a reload, before any check has passed.
        _ if line.is_fully_up() && line.check.as_ref().is_some_and(CheckStatus::passed) => {
            Known::Wrong
        }
        _ => Known::UncheckedReported,
    }
}

/// DOWN by a failed check, and not on its way up.
fn is_down(status: &Status) -> bool {
    matches!(status, Status::Down(_)) && status.is_out()
}
