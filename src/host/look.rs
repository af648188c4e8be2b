//! One read-only look at everything about one app.

use super::ThisHost;
use super::asking::Asking;
use super::observe::observe_all;
use super::snapshot::Snapshot;
use crate::gate::listeners;
use crate::haproxy::Balancer;
use crate::tcp;
use futures_util::future::join_all;
use nix::unistd::geteuid;
use std::iter;
use tokio::join;

const UNSEEN: &str = "not known whether it can be restarted: needs root";

impl ThisHost {
    /// Looks at everything, and at all balancers at once unless `asking` excludes them.
    pub async fn snapshot(&mut self, asking: Asking) -> Snapshot {
        // Only a drain without a master counts connections.
        let counts = !self.balancers.iter().all(Balancer::has_master);
        let asked = self.balancers.iter_mut();
        let asked = asked.filter(|_| asking != Asking::NoBalancer);
        let asked = asked.map(|balancer| observe_all(balancer, asking));
        // The rules take the longest: a program for each family.
        let (rules, balancers, countable) = join!(
            self.rules.look(&self.firewall),
            join_all(asked),
            countable(self.app.ports.port, counts),
        );
        let rules = rules.map(|view| view.checked_at(self.checked_addresses()));
        let gates = self.gates.clone();
        let listeners = gates.map(|gate| {
            let who = listeners(gate.status_port);
            (gate, who)
        });
        let address = self.probe_address();
        let (health, restart) = join!(self.app.health.probe(address), self.restart_check());
        let askable = self.app.health.check();
        Snapshot {
            askable,
            countable,
            rules,
            listeners,
            taken: self.seen_taken().await,
            balancers,
            health: (address, health),
            restart,
        }
    }

    /// Whether the app's restart can work, and restarts this app. Also checks the commands of the
    /// upgrade and the rollback.
    async fn restart_check(&self) -> Result<Vec<String>, String> {
        let app = &self.app;
        let restart = match app.restart.check().await {
            Ok(odd) => match app.restart.serves(app.ports.port) {
                Ok(()) => Ok(odd),
                Err(error) => Err(text(error)),
            },
            Err(error) => Err(text(error)),
        };
        let mut odd = Vec::new();
        let restart = restart.map(|it| odd = it);
        let back = app.rollback.iter().filter(|_| app.upgrade.is_some());
        let changes = app.upgrade.iter().chain(back);
        let checks = changes.map(|change| change.check().map_err(text));
        let wrong: Vec<String> = iter::once(restart)
            .chain(checks)
            .filter_map(Result::err)
            .collect();
        match wrong.is_empty() {
            true => Ok(odd),
            // Another user does not see root's processes and files.
            false if !geteuid().is_root() => Err(UNSEEN.to_owned()),
            false => Err(wrong.join("; ")),
        }
    }
}

async fn countable(port: u16, counts: bool) -> Result<(), String> {
    match counts {
        true => tcp::connections(port).await.map(drop).map_err(text),
        false => Ok(()),
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
