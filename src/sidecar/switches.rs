//! Recovers a switch that was cut short, and ends the time of a ready target. Unlike the other
//! operations of the sidecar they wait within the limits of the app, because they can't be divided.

use super::act::{SOON, own};
use super::progress::LoggedProgress;
use super::reconciler::{BUSY, Reconciler};
use super::retry::Retry;
use crate::config::AppSettings;
use crate::operation::{Operation, Options, Switch, Way};
use crate::report::Report;
use crate::restart::{Limits, Progress, Verb};
use crate::state::directory;
use crate::state::lock::{Lock, LockError, Owner, describe};
use crate::state::target;
use std::time::Duration;

/// The exit code of a switch that leaves the old target running.
const STILL_DRAINING: u8 = 19;

/// The exit codes of switches that have ended with one target open: not all is as asked, but there is
/// nothing to recover.
const ENDED: [u8; 3] = [17, 18, STILL_DRAINING];

impl Reconciler {
    /// Continues it, or goes back.
    pub(super) async fn recover_switch(&mut self) -> Duration {
        if let Some(left) = self.retry.and_then(Retry::left) {
            return left;
        }
        let report = match self.switch(Verb::Recover, "agent run, recover").await {
            Ok(report) => report,
            Err(LockError::Held(owner)) => return self.busy(owner.as_ref()),
            Err(error) => return self.failed(error.to_string()),
        };
        let (app, outcome) = (&self.app.name, report.outcome);
        match report.exit {
            0 => tracing::info!(%app, outcome, "{app}: {}", report.message),
            exit if ENDED.contains(&exit) => {
                tracing::warn!(%app, outcome, "{app}: {}", report.message);
            }
            _ => return self.failed(report.message),
        }
        (self.retry, self.failure) = (None, None);
        SOON
    }

    /// Drains and stops the target whose time is over. If that takes too long, it is left to an
    /// operator.
    pub(super) async fn finish_switch(&mut self) -> Duration {
        if let Some(left) = self.retry_idle.and_then(Retry::left) {
            return left;
        }
        // Also after a success that the record does not show.
        self.retry_idle = Some(Retry::after(self.retry_idle));
        let report = match self
            .switch(Verb::Switch, "agent run, switch --finish")
            .await
        {
            Ok(report) => report,
            Err(LockError::Held(owner)) => return self.busy(owner.as_ref()),
            Err(error) => return self.failed_idle(error.to_string()),
        };
        let (app, outcome) = (&self.app.name, report.outcome);
        match report.exit {
            0 => tracing::info!(%app, outcome, "{app}: {}", report.message),
            STILL_DRAINING if self.stop.asked().is_none() => {
                tracing::warn!(%app, outcome, "{app}: {}", report.message);
            }
            _ => return self.failed_idle(report.message),
        }
        SOON
    }

    /// The record of the ready target has no end any more. This process has the lock: an operator's
    /// switch would change the record, too.
    fn leave_to_operator(&self) {
        let (hold_dir, app) = (self.hold_dir(), &self.app.name);
        let changed = target::find(hold_dir, app).and_then(|record| {
            let ready = record.and_then(|record| Some((record.ready.clone()?, record)));
            ready.map_or(Ok(()), |(ready, record)| {
                target::set(hold_dir, app, &record.with_ready(&ready, None))
            })
        });
        if let Err(error) = changed {
            tracing::warn!(%app, %error, "{app}: the agent tries again to stop the old target");
        }
    }

    pub(super) fn busy(&mut self, owner: Option<&Owner>) -> Duration {
        self.stand_back(&describe(owner), None);
        BUSY
    }

    /// Runs it under the app's lock.
    pub(super) async fn switch(&mut self, verb: Verb, command: &str) -> Result<Report, LockError> {
        let state_dir = self.state_dir();
        directory::trusted(state_dir, self.hold_dir(), &self.app.name)?;
        let path = directory::app_lock(state_dir, &self.app.name);
        let lock = Lock::take(&path, &Owner::new(command))?;
        let limits = &self.app.limits;
        let switch = Switch {
            way: Way::Finish,
            ..Switch::default()
        };
        let without_balancers = match verb {
            Verb::MaintenanceOff => self.unseen(),
            _ => Vec::new(),
        };
        let operation = Operation {
            again: self.failure.clone(),
            options: Options {
                switch,
                without_balancers,
                ..Options::default()
            },
            ..own(&self.settings, verb, &self.app, false)
        };
        let publisher = &self.publisher;
        publisher.works(&self.app.name, of_a_switch(limits));
        let progress = |app: &AppSettings, limits: &Limits| -> Box<dyn Progress> {
            Box::new(LoggedProgress::new(app, limits, publisher))
        };
        let ended = operation.run_switch_on(self.stop.clone(), &progress).await;
        if verb == Verb::Switch
            && ended.report.exit == STILL_DRAINING
            && self.stop.asked().is_none()
        {
            self.leave_to_operator();
        }
        drop(lock);
        self.rules.may_have_changed();
        self.checks.anew();
        Ok(ended.write().await)
    }
}

/// The most time that an operation may take.
pub(super) fn all_limits(limits: &Limits) -> Duration {
    let out = 3 * limits.out_of_rotation + limits.sticky + limits.drain + limits.turn;
    out + limits.restart + limits.healthy + limits.in_rotation
}

/// The most time that a switch or its recovery may take: it may go forward, and then back. A recovery
/// first waits for the `--with` of an agent that died.
fn of_a_switch(limits: &Limits) -> Duration {
    let settle = limits.settle.map_or(Duration::ZERO, |settle| settle.lasts);
    limits.upgrade + 2 * (all_limits(limits) + settle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read;
    use std::path::Path;

    /// The watchdog would end a sidecar that waits for a long `--with` of an agent that died.
    #[test]
    fn the_recovery_of_a_switch_may_wait_for_its_preparation() {
        let text = "[app.web]\nport = 1000\nstatus_port = 2000\nrestart = { systemd = \"web\" }\n\
                    timeouts = { upgrade = \"2h\", drain = \"7s\" }\n[[haproxy]]\nsocket = \"/s\"\n";
        let settings = read(Path::new("agent.toml"), text).unwrap();
        let limits = &settings.apps[0].limits;
        assert!(of_a_switch(limits) >= limits.upgrade + 2 * limits.drain);
    }
}
