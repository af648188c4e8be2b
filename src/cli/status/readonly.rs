//! Whether HAProxy is to refuse writes, by the record and the marker's gate.

use crate::config::{AppSettings, Settings};
use crate::host::Snapshot;
use crate::report::GateReport;
use crate::state::declared::{self, Declared};
use nix::unistd::geteuid;
use serde::Serialize;

/// The marker of an app.
#[derive(Serialize)]
pub(super) struct ReadonlyStatus {
    /// The record. None: writes are not to be refused, or the record can't be read.
    pub(super) declared: Option<Declared>,
    /// Why the record can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    pub(super) gate: GateReport,
    pub(super) text: String,
}

impl ReadonlyStatus {
    /// None: the app has no marker.
    pub(super) fn of(
        settings: &Settings,
        app: &AppSettings,
        snapshot: &Snapshot,
    ) -> Option<ReadonlyStatus> {
        let gate = settings.gates(&app.at_marker()?).main;
        let record = declared::find(&settings.agent.hold_dir, &app.name);
        let record = record.map_err(|error| error.to_string());
        Some(ReadonlyStatus::new(
            record,
            GateReport::new(&gate, snapshot.position(&gate)),
        ))
    }

    fn new(record: Result<Option<Declared>, String>, gate: GateReport) -> ReadonlyStatus {
        let position = match &gate.why {
            Some(why) => format!("{}: {why}", gate.position),
            None => gate.position.to_owned(),
        };
        let text = match &record {
            Ok(Some(declared)) => {
                let declared = declared.describe();
                format!("read-only, {declared}; the marker's gate is {position}")
            }
            Ok(None) => format!("takes writes; the marker's gate is {position}"),
            Err(why) => format!("read-only or not: {why}; the marker's gate is {position}"),
        };
        ReadonlyStatus {
            error: record.as_ref().err().cloned(),
            declared: record.ok().flatten(),
            gate,
            text,
        }
    }

    /// An app that takes writes as expected has no line for that.
    pub(super) fn is_worth_a_line(&self) -> bool {
        self.declared.is_some() || self.error.is_some()
    }

    /// The gate differs from the record, with the fix. What only root sees is no trouble.
    pub(super) fn trouble(&self, app: &str, sidecar: bool) -> Option<String> {
        if self.error.is_some() {
            return self.error.clone().filter(|_| geteuid().is_root());
        }
        let fixer = match sidecar {
            true => "the sidecar".to_owned(),
            false => format!("`agent recover {app}`"),
        };
        let port = self.gate.status_port;
        match (&self.declared, self.gate.position) {
            (_, "unknown") | (Some(_), "open") | (None, "closed") => None,
            (Some(_), position) => Some(format!(
                "the marker's gate {port} is {position}, although writes are to be refused: {fixer} \
                 opens it"
            )),
            (None, position) => Some(format!(
                "the marker's gate {port} is {position}, although no operator refuses writes: \
                 {fixer} closes it"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read;
    use crate::gate::Position;

    fn status(declared: bool, position: Position) -> ReadonlyStatus {
        let text = "[app.web]\nport = 1\nstatus_port = 2\nrestart = { systemd = \"web\" }\n\
                    [app.web.readonly]\nstatus_port = 3\n[[haproxy]]\nsocket = \"/run/a.sock\"\n";
        let settings = read("agent.toml".as_ref(), text).unwrap();
        let gate = settings.gates(&settings.apps[0].at_marker().unwrap()).main;
        let record = declared.then(|| Declared::now(None, Some("a move".to_owned()), None));
        ReadonlyStatus::new(Ok(record), GateReport::new(&gate, position))
    }

    #[test]
    fn a_gate_that_differs_from_the_record_is_trouble() {
        let broken = || Position::Broken("doubled".to_owned());
        for (declared, position, says) in [
            (true, Position::Open, None),
            (false, Position::Closed, None),
            (false, Position::Unknown("needs root".to_owned()), None),
            (
                true,
                Position::Closed,
                Some("is closed, although writes are to be refused"),
            ),
            (
                true,
                broken(),
                Some("is broken, although writes are to be refused"),
            ),
            (
                false,
                Position::Open,
                Some("is open, although no operator refuses writes"),
            ),
        ] {
            let status = status(declared, position);
            let trouble = status.trouble("web", false);
            assert_eq!(trouble.is_some(), says.is_some(), "{trouble:?}");
            assert!(trouble.is_none_or(|it| it.contains(says.unwrap()) && it.contains("agent recover web")));
            assert_eq!(status.is_worth_a_line(), declared);
        }
        let text = status(true, Position::Open).text;
        assert!(
            text.ends_with(": a move; the marker's gate is open"),
            "{text}"
        );
    }
}
