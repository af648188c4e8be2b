//! Whether HAProxy is to refuse writes, by the record, the marker's gate and the marker's lines. Pure.

use super::lines_beside::{unused, up, up_on};
use crate::host::BesideLook;
use crate::report::{BalancerReport, GateReport};
use crate::state::declared::{Declared, DeclaredReport};
use nix::unistd::geteuid;
use serde::Serialize;

/// The marker of an app.
#[derive(Serialize)]
pub(super) struct ReadonlyStatus {
    /// The record. None: writes are not to be refused, or the record can't be read.
    pub(super) declared: Option<DeclaredReport>,
    /// Why the record can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    pub(super) gate: GateReport,
    /// Where HAProxy shows the marker UP: so many of `balancers`.
    pub(super) up_on: usize,
    /// The marker's lines. Empty: the agent did not ask.
    pub(super) balancers: Vec<BalancerReport>,
    pub(super) text: String,
    /// What is wrong while no operation is under way. What only root sees is no trouble.
    #[serde(skip)]
    pub(super) trouble: Vec<String>,
}

/// What the marker's status is made of.
pub(super) struct SeenMarker<'a> {
    pub(super) app: &'a str,
    /// Err: why it can't be read.
    pub(super) record: Result<Option<Declared>, String>,
    pub(super) gate: GateReport,
    /// None: it was not asked.
    pub(super) look: Option<&'a BesideLook>,
    /// The sidecar runs.
    pub(super) sidecar: bool,
}

impl ReadonlyStatus {
    /// An app that takes writes as expected has no line for that.
    pub(super) fn is_worth_a_line(&self) -> bool {
        self.declared.is_some() || self.error.is_some()
    }
}

impl SeenMarker<'_> {
    pub(super) fn status(self) -> ReadonlyStatus {
        let balancers = self.look.map_or(&[][..], |look| &look.balancers);
        ReadonlyStatus {
            text: self.text(),
            trouble: self.trouble(),
            up_on: up_on(balancers),
            balancers: balancers.iter().map(BalancerReport::from).collect(),
            error: self.record.as_ref().err().cloned(),
            declared: self.record.ok().flatten().map(|it| it.report()),
            gate: self.gate,
        }
    }

    fn text(&self) -> String {
        let gate = match &self.gate.why {
            Some(why) => format!("{}: {why}", self.gate.position),
            None => self.gate.position.to_owned(),
        };
        let up = self.look.map_or(String::new(), |look| up(&look.balancers));
        let says = match &self.record {
            Ok(Some(declared)) => format!("read-only, {}", declared.describe()),
            Ok(None) => "takes writes".to_owned(),
            Err(why) => format!("read-only or not: {why}"),
        };
        format!("{says}; the marker's gate is {gate}{up}")
    }

    fn trouble(&self) -> Vec<String> {
        let declared = match &self.record {
            Ok(declared) => declared,
            Err(why) if geteuid().is_root() => return vec![why.clone()],
            Err(_) => return Vec::new(),
        };
        let mut trouble: Vec<String> = self.gate_trouble(declared.is_some()).into_iter().collect();
        // A closed gate is the cause of a marker that is not UP.
        if declared.is_some() && self.gate.position == "open" {
            let balancers = self.look.iter().flat_map(|look| &look.balancers);
            trouble.extend(balancers.flat_map(|balancer| {
                unused(
                    self.app,
                    ("the marker's lines", "this host refuses no writes there"),
                    balancer,
                )
            }));
        }
        trouble
    }

    /// The gate differs from the record, with the fix.
    fn gate_trouble(&self, declared: bool) -> Option<String> {
        let fixer = match self.sidecar {
            true => "the sidecar".to_owned(),
            false => format!("`agent recover {}`", self.app),
        };
        let port = self.gate.status_port;
        match (declared, self.gate.position) {
            (_, "unknown") | (true, "open") | (false, "closed") => None,
            (true, position) => Some(format!(
                "the marker's gate {port} is {position}, although writes are to be refused: {fixer} \
                 opens it"
            )),
            (false, position) => Some(format!(
                "the marker's gate {port} is {position}, although no operator refuses writes: \
                 {fixer} closes it"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Gate, Position};
    use crate::haproxy::{BalancerObservation, Role, ServerLine};

    fn look(lines: &[&str]) -> BesideLook {
        let balancer = |status: &&str| {
            let line = ServerLine::idle("readonly/ro1", Role::Main, status);
            BalancerObservation::of_lines(vec![line])
        };
        BesideLook {
            address: "127.0.0.1:1009".parse().unwrap(),
            health: Ok(()),
            balancers: lines.iter().map(balancer).collect(),
        }
    }

    fn status(declared: bool, position: Position, look: Option<&BesideLook>) -> ReadonlyStatus {
        let gate = Gate {
            status_port: 3,
            ..Gate::of_web(Role::Main)
        };
        let seen = SeenMarker {
            app: "web",
            record: Ok(declared.then(|| Declared::now(None, Some("a move".to_owned()), None))),
            gate: GateReport::new(&gate, position),
            look,
            sidecar: false,
        };
        seen.status()
    }

    #[test]
    fn what_differs_from_the_record_is_trouble() {
        let broken = || Position::Broken("doubled".to_owned());
        let (up, down) = (look(&["UP", "UP"]), look(&["UP", "DOWN"]));
        let refuses = "although writes are to be refused: `agent recover web` opens it";
        for (declared, position, look, says) in [
            (true, Position::Open, None, None),
            (true, Position::Open, Some(&up), None),
            (
                true,
                Position::Open,
                Some(&down),
                Some(
                    "lb: readonly/ro1 is DOWN, so this host refuses no writes there; `agent doctor",
                ),
            ),
            (false, Position::Closed, Some(&down), None),
            (
                false,
                Position::Unknown("needs root".to_owned()),
                None,
                None,
            ),
            (true, Position::Closed, Some(&down), Some(refuses)),
            (true, broken(), None, Some(refuses)),
            (
                false,
                Position::Open,
                Some(&up),
                Some("is open, although no operator refuses writes: `agent recover web` closes it"),
            ),
        ] {
            let status = status(declared, position, look);
            let trouble = &status.trouble;
            assert_eq!(trouble.len(), usize::from(says.is_some()), "{trouble:?}");
            let mut all = trouble.iter().zip(says);
            assert!(all.all(|(it, says)| it.contains(says)), "{trouble:?}");
            assert_eq!(status.is_worth_a_line(), declared);
        }
    }

    #[test]
    fn it_is_one_line_and_data() {
        let down = look(&["UP", "DOWN"]);
        let on = status(true, Position::Open, Some(&down));
        let ends = ": a move; the marker's gate is open, UP on 1 of 2 balancers";
        assert!(on.text.ends_with(ends), "{}", on.text);
        let data = serde_json::json!(on);
        assert_eq!(
            (&data["up_on"], &data["declared"]["reason"]),
            (&1.into(), &"a move".into())
        );
        assert_eq!(data["balancers"].as_array().unwrap().len(), 2);
        let off = status(false, Position::Closed, None);
        assert_eq!(off.text, "takes writes; the marker's gate is closed");
    }
}
