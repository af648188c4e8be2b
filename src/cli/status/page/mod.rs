//! Whether users meet the page, by the hold and the page's gate. Pure.

use crate::gate::{ParkingPosition, Position};
use crate::haproxy::{BalancerObservation, CheckStatus, ServerLine};
use crate::host::PageLook;
use crate::report::{BalancerReport, GateReport};
use serde::Serialize;
use std::net::SocketAddr;

/// The page of an app.
#[derive(Serialize)]
pub(super) struct PageStatus {
    /// Maintenance is on: users are to meet the page.
    pub(super) maintenance: bool,
    pub(super) gate: GateReport,
    /// Whether it answers. None: maintenance is off, and the agent did not ask.
    pub(super) answers: Option<bool>,
    /// The address that was asked.
    pub(super) address: Option<SocketAddr>,
    /// Why it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// Where HAProxy shows it UP: so many of `balancers`.
    pub(super) up_on: usize,
    /// The page's lines. Empty while maintenance is off.
    pub(super) balancers: Vec<BalancerReport>,
    /// The app's own port is redirected to the page. None: the app has targets, or it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parked: Option<bool>,
    pub(super) text: String,
    /// What is wrong while no operation is under way.
    #[serde(skip)]
    pub(super) trouble: Vec<String>,
}

/// What the page's status is made of.
pub(super) struct SeenPage<'a> {
    pub(super) app: &'a str,
    pub(super) gate: (&'a crate::gate::Gate, Position),
    /// The hold in words, and the look. None: maintenance is off.
    pub(super) on: Option<(String, &'a PageLook)>,
    /// Whether `agent page` serves it, by its unit.
    pub(super) is_served: bool,
    /// How the port of an app without targets is parked.
    pub(super) parked: Option<(u16, ParkingPosition)>,
    /// The sidecar runs.
    pub(super) sidecar: bool,
}

impl SeenPage<'_> {
    pub(super) fn status(self) -> PageStatus {
        let look = self.on.as_ref().map(|(_, look)| *look);
        let balancers = look.map_or(&[][..], |look| &look.balancers);
        PageStatus {
            maintenance: look.is_some(),
            gate: GateReport::new(self.gate.0, self.gate.1.clone()),
            answers: look.map(|look| look.health.is_ok()),
            address: look.map(|look| look.address),
            error: look.and_then(|look| look.health.clone().err()),
            up_on: balancers.iter().filter(|one| is_up(one)).count(),
            balancers: balancers.iter().map(BalancerReport::from).collect(),
            parked: match &self.parked {
                None | Some((_, ParkingPosition::Unknown(_))) => None,
                Some((_, position)) => Some(*position == ParkingPosition::Set),
            },
            text: self.text(),
            trouble: self.trouble(),
        }
    }

    fn text(&self) -> String {
        let Some((hold, look)) = &self.on else {
            return format!("maintenance is off; the page's gate is {}", self.gate.1);
        };
        let answers = match &look.health {
            Ok(()) => "answers",
            Err(_) => "does not answer",
        };
        let (all, up) = (
            &look.balancers,
            look.balancers.iter().filter(|one| is_up(one)),
        );
        let plural = if all.len() == 1 { "" } else { "s" };
        format!(
            "maintenance is on: users meet the page. It {answers}, its gate is {}, UP on {} of {} \
             balancer{plural}; by {hold}",
            self.gate.1,
            up.count(),
            all.len()
        )
    }

    fn trouble(&self) -> Vec<String> {
        let look = self.on.as_ref().map(|(_, look)| *look);
        let mut trouble: Vec<String> = self.gate_trouble().into_iter().collect();
        trouble.extend(self.parked_trouble());
        if let Some(look) = look {
            trouble.extend(self.silent(look));
            let balancers = look.balancers.iter();
            trouble.extend(balancers.flat_map(|balancer| self.unused(balancer)));
        }
        trouble
    }

    fn gate_trouble(&self) -> Option<String> {
        let (gate, position) = &self.gate;
        let (port, fixer) = (gate.status_port, self.fixer());
        match (&self.on, position) {
            (_, Position::Unknown(_)) | (Some(_), Position::Open) | (None, Position::Closed) => {
                None
            }
            (Some(_), _) => Some(format!(
                "the page's gate {port} is {position}, although maintenance is on: users meet no \
                 page of this host; {fixer} opens it"
            )),
            (None, _) => Some(format!(
                "the page's gate {port} is {position}, although maintenance is off: users meet the \
                 page once no server line is UP; {fixer} closes it"
            )),
        }
    }

    /// Targets have lines of their own for this.
    fn parked_trouble(&self) -> Option<String> {
        let (port, position) = self.parked.as_ref()?;
        let fixer = self.fixer();
        match (&self.on, position) {
            (_, ParkingPosition::Unknown(_))
            | (Some(_), ParkingPosition::Set)
            | (None, ParkingPosition::NotSet) => None,
            (Some(_), position) => Some(format!(
                "the app's port {port} is {position}: right after a reload HAProxy sends users to \
                 the app; {fixer} parks it on the page"
            )),
            (None, position) => Some(format!(
                "the app's port {port} is {position}: a rule redirects its users to the page; \
                 {fixer} removes that rule"
            )),
        }
    }

    fn silent(&self, look: &PageLook) -> Option<String> {
        let why = look.health.as_ref().err()?;
        let at = look.address;
        let fix = match self.is_served {
            true => format!("`systemctl restart haproxy-gate-page@{}`", self.app),
            false => format!("start the server that listens on port {}", at.port()),
        };
        Some(format!(
            "the page at {at} does not answer: {why}: users get an error in its place; {fix}"
        ))
    }

    /// The lines of a balancer that users can't meet the page by.
    fn unused(&self, balancer: &BalancerObservation) -> Vec<String> {
        let name = &balancer.name;
        if let Some(why) = balancer.unseen() {
            return vec![format!("the page's lines: {why}")];
        }
        let lines = balancer.lines().iter();
        let unused = lines.filter(|line| !line.status.is_usable() && !is_coming_up(line));
        unused
            .map(
                |ServerLine {
                     name: line, status, ..
                 }| {
                    let fix = match status.kept_out(line) {
                        Some(kept) => format!("{}; {}", kept.by, kept.fix),
                        None => format!("`agent doctor {}` looks for the cause", self.app),
                    };
                    format!("{name}: {line} is {status}, so users meet no page of this host; {fix}")
                },
            )
            .collect()
    }

    fn fixer(&self) -> String {
        match (self.sidecar, &self.on) {
            (true, _) => "the sidecar".to_owned(),
            (false, Some(_)) => format!("`agent maintenance on {}`", self.app),
            (false, None) => format!("`agent recover {}`", self.app),
        }
    }
}

/// It shows each line of the page UP.
fn is_up(balancer: &BalancerObservation) -> bool {
    let mut lines = balancer.lines().iter();
    !balancer.lines().is_empty() && lines.all(|line| line.status.is_usable())
}

fn is_coming_up(line: &ServerLine) -> bool {
    line.status.is_rising() && line.check.as_ref().is_some_and(CheckStatus::passed)
}

#[cfg(test)]
mod tests;
