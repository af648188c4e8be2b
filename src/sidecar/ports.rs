//! The sidecar has the status ports reserved for as long as it runs: what could not be had is
//! tried again each round, and keeps it from nothing.

use super::Sidecar;
use super::care::Care;
use crate::gate::{Taken, listeners};

impl Sidecar {
    /// Those of the configuration, and no others.
    pub(super) fn keep_ports(&self) {
        let gates = self.settings.apps.iter().flat_map(|app| app.gates());
        let ports: Vec<u16> = gates.map(|gate| gate.status_port).collect();
        self.reservation.keep(&ports);
    }
}

impl Care {
    /// Told once, not at every try.
    pub(super) fn reserve(&mut self) {
        let taken = self.host.taken().into_iter();
        let why: Vec<String> = taken.flat_map(|(port, who)| why(port, &who)).collect();
        if why == self.unreserved {
            return;
        }
        let app = &self.app.name;
        match why.is_empty() {
            true => tracing::info!(%app, "{app}: the status ports are reserved"),
            false => why
                .iter()
                .for_each(|why| tracing::warn!(%app, "{app}: {why}")),
        }
        self.unreserved = why;
    }
}

/// Nothing to say of what another agent has reserved: that ends with its operation.
fn why(port: u16, taken: &Taken) -> Vec<String> {
    match taken {
        Taken::Reserved(_) => Vec::new(),
        Taken::Listening => {
            let told = |who: String| {
                format!("the status port {port} can't be reserved: {who} listens there: stop it")
            };
            listeners(port).into_iter().map(told).collect()
        }
        taken => taken
            .threat(port)
            .into_iter()
            .chain(taken.unreserved(port))
            .collect(),
    }
}
