//! Whether users meet the page, by the hold and the page's gate. Pure.

use super::lines_beside::{unused, up, up_on};
use crate::gate::{ParkingPosition, Position};
use crate::host::BesideLook;
use crate::report::{BalancerReport, GateReport};
use serde::Serialize;
use std::net::SocketAddr;

/// The page of an app.
#[derive(Serialize)]
pub(super) struct PageStatus {
    /// Maintenance is on: users are to meet the page. None: the hold can't be read.
    pub(super) maintenance: Option<bool>,
    pub(super) gate: GateReport,
    /// Whether it answers. None: the agent did not ask.
    pub(super) answers: Option<bool>,
    /// The address that was asked.
    pub(super) address: Option<SocketAddr>,
    /// Why it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// Where HAProxy shows it UP: so many of `balancers`.
    pub(super) up_on: usize,
    /// The page's lines. Empty: the agent did not ask.
    pub(super) balancers: Vec<BalancerReport>,
    /// The app's own port is redirected to the page. None: the app has targets, or it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parked: Option<bool>,
    pub(super) text: String,
    /// What is wrong while no operation is under way.
    #[serde(skip)]
    pub(super) trouble: Vec<String>,
}

/// Whether maintenance is on.
#[derive(PartialEq, Eq)]
pub(super) enum IsOn {
    /// By the hold in these words.
    Yes(String),
    No,
    /// The hold can't be read.
    Unknown,
}

/// What the page's status is made of.
pub(super) struct SeenPage<'a> {
    pub(super) app: &'a str,
    pub(super) gate: (&'a crate::gate::Gate, Position),
    pub(super) is_on: IsOn,
    /// None: it was not asked.
    pub(super) look: Option<&'a BesideLook>,
    /// Whether `agent page` serves it, by its unit.
    pub(super) is_served: bool,
    /// How the port of an app without targets is parked.
    pub(super) parked: Option<(u16, ParkingPosition)>,
    /// The sidecar runs.
    pub(super) sidecar: bool,
}

impl SeenPage<'_> {
    pub(super) fn status(self) -> PageStatus {
        let look = self.look;
        let balancers = look.map_or(&[][..], |look| &look.balancers);
        PageStatus {
            maintenance: match self.is_on {
                IsOn::Yes(_) => Some(true),
                IsOn::No => Some(false),
                IsOn::Unknown => None,
            },
            gate: GateReport::new(self.gate.0, self.gate.1.clone()),
            answers: look.map(|look| look.health.is_ok()),
            address: look.map(|look| look.address),
            error: look.and_then(|look| look.health.clone().err()),
            up_on: up_on(balancers),
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
        let gate = &self.gate.1;
        let answers = match self.look.map(|look| &look.health) {
            None => String::new(),
            Some(Ok(())) => "answers, ".to_owned(),
            // It is trouble of its own while maintenance is on.
            Some(Err(_)) if matches!(self.is_on, IsOn::Yes(_)) => "does not answer, ".to_owned(),
            Some(Err(why)) => format!("does not answer ({why}), "),
        };
        match &self.is_on {
            IsOn::No if answers.is_empty() => {
                format!("maintenance is off; the page's gate is {gate}")
            }
            IsOn::No => format!("maintenance is off; the page {answers}its gate is {gate}"),
            IsOn::Unknown => format!(
                "it is not known whether maintenance is on: the hold can't be read; the page's gate \
                 is {gate}"
            ),
            IsOn::Yes(hold) => {
                let up = self.look.map_or(String::new(), |look| up(&look.balancers));
                format!(
                    "maintenance is on: users meet the page. It {answers}its gate is {gate}{up}; by \
                     {hold}"
                )
            }
        }
    }

    fn trouble(&self) -> Vec<String> {
        let mut trouble: Vec<String> = self.gate_trouble().into_iter().collect();
        trouble.extend(self.parked_trouble());
        if let (IsOn::Yes(_), Some(look)) = (&self.is_on, self.look) {
            trouble.extend(self.silent(look));
            let balancers = look.balancers.iter();
            trouble.extend(balancers.flat_map(|balancer| {
                unused(
                    self.app,
                    ("the page's lines", "users meet no page of this host"),
                    balancer,
                )
            }));
        }
        trouble
    }

    fn gate_trouble(&self) -> Option<String> {
        let (gate, position) = &self.gate;
        let (port, fixer) = (gate.status_port, self.fixer());
        match (&self.is_on, position) {
            (IsOn::Unknown, _)
            | (_, Position::Unknown(_))
            | (IsOn::Yes(_), Position::Open)
            | (IsOn::No, Position::Closed) => None,
            (IsOn::Yes(_), _) => Some(format!(
                "the page's gate {port} is {position}, although maintenance is on: users meet no \
                 page of this host; {fixer} opens it"
            )),
            (IsOn::No, _) => Some(format!(
                "the page's gate {port} is {position}, although maintenance is off: users meet the \
                 page once no server line is UP; {fixer} closes it"
            )),
        }
    }

    /// Targets have lines of their own for this.
    fn parked_trouble(&self) -> Option<String> {
        let (port, position) = self.parked.as_ref()?;
        let fixer = self.fixer();
        match (&self.is_on, position) {
            (IsOn::Unknown, _)
            | (_, ParkingPosition::Unknown(_))
            | (IsOn::Yes(_), ParkingPosition::Set)
            | (IsOn::No, ParkingPosition::NotSet) => None,
            (IsOn::Yes(_), position) => Some(format!(
                "the app's port {port} is {position}: right after a reload HAProxy sends users to \
                 the app; {fixer} parks it on the page"
            )),
            (IsOn::No, position) => Some(format!(
                "the app's port {port} is {position}: a rule redirects its users to the page; \
                 {fixer} removes that rule"
            )),
        }
    }

    fn silent(&self, look: &BesideLook) -> Option<String> {
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

    fn fixer(&self) -> String {
        match (self.sidecar, &self.is_on) {
            (true, _) => "the sidecar".to_owned(),
            (false, IsOn::Yes(_)) => format!("`agent maintenance on {}`", self.app),
            (false, _) => format!("`agent recover {}`", self.app),
        }
    }
}

#[cfg(test)]
mod tests;
