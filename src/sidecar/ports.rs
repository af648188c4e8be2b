//! The sidecar reserves the status ports for as long as it runs. It tries a port that another
//! process has again each round, and goes on without it.

use super::Sidecar;
use super::reconciler::Reconciler;
use crate::gate::{Taken, listeners};

impl Sidecar {
    /// Reserves the ports of the configuration, and releases all others.
    pub(super) fn keep_ports(&self) {
        let apps = self.settings.views();
        let gates = apps.flat_map(|app| self.settings.gates(&app));
        let ports: Vec<u16> = gates.map(|gate| gate.status_port).collect();
        self.reservation.keep(&ports);
    }
}

impl Reconciler {
    /// Logs a change of what is reserved, not every try.
    pub(super) fn reserve(&mut self) {
        let views = self.app.instances().into_iter().chain(self.app.besides());
        let gates = views.flat_map(|app| self.settings.gates(&app));
        let taken = self.host.taken_of(gates.map(|gate| gate.status_port));
        let taken = taken.into_iter();
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

/// Why the port is not reserved. Empty if another agent has reserved it: that ends with its
/// operation.
fn why(port: u16, taken: &Taken) -> Vec<String> {
    match taken {
        Taken::Reserved(_) => Vec::new(),
        Taken::Listening => {
            let describe = |who: String| {
                format!("the status port {port} can't be reserved: {who} listens there: stop it")
            };
            listeners(port).into_iter().map(describe).collect()
        }
        taken => taken
            .threat(port)
            .into_iter()
            .chain(taken.unreserved(port))
            .collect(),
    }
}
