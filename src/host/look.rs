//! One read-only look at everything about one app.

use super::ThisHost;
use super::asking::Asking;
use super::observe::observe_all;
use super::snapshot::Snapshot;
use super::unable::Unable;
use crate::app::Change;
use crate::gate::{GateError, View, listeners};
use crate::haproxy::{Balancer, BalancerObservation};
use crate::tcp;
use futures_util::future::join_all;
use nix::unistd::geteuid;
use tokio::join;

impl ThisHost {
    /// Looks at everything, and at all balancers at once unless `asking` excludes them.
    pub async fn snapshot(&mut self, asking: Asking) -> Snapshot {
        let asked = ask(&mut self.balancers, asking);
        // The rules take the longest: a program for each family.
        let (rules, balancers) = join!(self.rules.look(&self.firewall), asked);
        self.look_at_rest(rules, balancers).await
    }

    /// The same, with the rules of another look of this moment.
    pub(super) async fn snapshot_beside(&mut self, other: &Snapshot, asking: Asking) -> Snapshot {
        let balancers = ask(&mut self.balancers, asking).await;
        self.look_at_rest(other.rules.clone(), balancers).await
    }

    async fn look_at_rest(
        &mut self,
        rules: Result<View, GateError>,
        balancers: Vec<BalancerObservation>,
    ) -> Snapshot {
        // Only a drain without a master counts connections.
        let counts = !self.balancers.iter().all(Balancer::has_master);
        let rules = rules.map(|view| view.checked_at(self.checked_addresses()));
        let gates = self.gates.clone();
        let listeners = gates.map(|gate| {
            let who = listeners(gate.status_port);
            (gate, who)
        });
        let address = self.probe_address();
        let probe = self.app.health.probe(address, self.app.environment());
        let (health, restart, countable) = join!(
            probe,
            self.restart_check(),
            countable(self.app.ports.port, counts),
        );
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
    async fn restart_check(&self) -> Result<Vec<String>, Unable> {
        let app = &self.app;
        if app.is_beside() {
            return Ok(Vec::new());
        }
        let mut odd = Vec::new();
        let mut wrong = Vec::new();
        match app.restart.check().await {
            Ok(found) => odd = found,
            Err(error) => wrong.push((error.is_for_all(), error.to_string())),
        }
        if let (true, Err(error)) = (wrong.is_empty(), app.restart.serves(app.ports.port)) {
            wrong.push((false, error.to_string()));
        }
        let back = app.rollback.as_ref().filter(|_| app.upgrade.is_some());
        for (key, change) in [("upgrade", app.upgrade.as_ref()), ("rollback", back)] {
            if let Some(Err(error)) = change.map(Change::check) {
                wrong.push((error.is_for_all(), format!("{key}: {error}")));
            }
        }
        match wrong.is_empty() {
            true => Ok(odd),
            false => Err(Unable::seen_by(geteuid().is_root(), wrong)),
        }
    }
}

async fn ask(balancers: &mut [Balancer], asking: Asking) -> Vec<BalancerObservation> {
    let asked = balancers.iter_mut();
    let asked = asked.filter(|_| asking != Asking::NoBalancer);
    join_all(asked.map(|balancer| observe_all(balancer, asking))).await
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

#[cfg(test)]
mod tests {
    use super::Change;
    use crate::app::Restart;

    #[test]
    fn a_path_without_a_file_is_certain_for_all() {
        let is_for_all = |program: &str| {
            let change = Change::new(vec![program.to_owned()]);
            change.check().unwrap_err().is_for_all()
        };
        assert!(is_for_all("/nonexistent/program"));
        assert!(is_for_all("/nonexistent/my program"));
        assert!(!is_for_all("no-such-program-on-path"));
        assert!(!is_for_all("nonexistent/program"));
        assert!(!is_for_all("/etc/passwd"));
    }

    /// The answer is that of the look, whatever is there later.
    #[tokio::test]
    async fn a_file_that_comes_later_changes_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("web.pid");
        let by_file = [
            Restart::Command(vec![file.display().to_string()]),
            Restart::Signal {
                signal: nix::sys::signal::Signal::SIGHUP,
                pidfile: file.clone(),
            },
        ];
        for restart in by_file {
            let error = restart.check().await.unwrap_err();
            std::fs::write(&file, "").unwrap();
            assert!(error.is_for_all(), "{error}");
            std::fs::remove_file(&file).unwrap();
        }
    }
}
