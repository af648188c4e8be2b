//! The idle targets of an app: closes the gates that another process has opened, and keeps them
//! parked on the current target.

use super::act::SOON;
use super::next_action::Idle;
use super::reconciler::{BUSY, Reconciler};
use super::records::Records;
use super::retry::Retry;
use crate::gate::{Gate, GateError, View};
use crate::host::{at_rest, gates_of_others, idle_gates, open_targets};
use crate::state::journal::Journal;
use crate::state::lock::{Lock, LockError, describe};
use crate::state::target;
use std::time::{Duration, Instant};

impl Reconciler {
    /// What the rules and the record show of them.
    pub(super) fn idle(&self, records: &Records) -> Idle {
        let Some(rules) = &self.rules.view else {
            return Idle::default();
        };
        let record = self.record.as_ref();
        let ready = record.filter(|record| {
            let name = record.ready.as_deref().unwrap_or_default();
            self.app.target_names().contains(&name)
        });
        let parked = at_rest(&self.settings, &self.app, record, Some(rules));
        Idle {
            open: !self.open_idle(rules, records).is_empty(),
            unparked: !rules.plan_parking(&parked).is_empty(),
            over: ready.and_then(|record| record.ready_for()) == Some(Duration::ZERO),
        }
    }

    /// The idle targets with a gate that is not closed.
    fn open_idle(&self, rules: &View, records: &Records) -> Vec<String> {
        open_targets(self.idle_gates(records), rules)
    }

    fn idle_gates(&self, records: &Records) -> Vec<Gate> {
        idle_gates(&self.settings, &self.app, records.held.as_ref())
    }

    /// Closes their gates: exactly one target has users at rest.
    pub(super) async fn close_idle(&mut self) -> Duration {
        let (_lock, begun) = match self.begin_idle() {
            Ok(lock) => (lock, Instant::now()),
            Err(wait) => return wait,
        };
        let records = self.read_records();
        let rules = self.rules.view.as_ref();
        let names = rules.map(|rules| self.open_idle(rules, &records));
        let names = names.unwrap_or_default();
        let closed = self.close(&self.idle_gates(&records)).await;
        if closed == Ok(true) {
            let (app, names, current) = (&self.app.name, names.join(" and "), self.app.label());
            tracing::warn!(%app, "{app}: gates of {names} were open, although {current} is current: \
                the agent closed them");
            self.repaired(begun);
        }
        self.end_idle(
            closed.map(drop),
            "the gates of idle targets can't be closed",
        )
    }

    /// Closes the gates of the idle targets. Ok(true): one of them was not closed.
    pub(super) async fn close_idle_gates(&mut self) -> Result<bool, GateError> {
        self.close(&gates_of_others(&self.settings, &self.app))
            .await
    }

    async fn close(&mut self, gates: &[Gate]) -> Result<bool, GateError> {
        match gates.is_empty() {
            true => Ok(false),
            false => self.host.close_others(gates).await,
        }
    }

    /// Parks them, but none that is open.
    pub(super) async fn park_idle(&mut self) -> Duration {
        let _lock = match self.begin_idle() {
            Ok(lock) => lock,
            Err(wait) => return wait,
        };
        let rules = self.rules.view.as_ref();
        let open = rules.map(|rules| self.open_idle(rules, &self.read_records()));
        let open = open.unwrap_or_default().join(" and ");
        let parked = self.park_on_current().await;
        let (app, current) = (&self.app.name, self.app.label());
        match (&parked, open.is_empty()) {
            (Ok(true), true) => {
                tracing::info!(%app, "{app}: the idle targets are parked on {current} again");
            }
            (Ok(true), false) => {
                tracing::warn!(%app, "{app}: {open} may have all users, because {current} is not \
                    healthy: the agent has ended the redirect of the port of {open} to {current}");
            }
            _ => {}
        }
        self.end_idle(parked.map(drop), "idle targets can't be parked")
    }

    async fn park_on_current(&mut self) -> Result<bool, GateError> {
        let rules = self.host.rules.look(&self.host.firewall).await?;
        let wanted = at_rest(
            &self.settings,
            &self.app,
            self.record.as_ref(),
            Some(&rules),
        );
        self.host.park(&wanted).await
    }

    /// The app's lock. Err: the time to the next try, because another process has it, or has just
    /// changed something.
    pub(super) fn begin_idle(&mut self) -> Result<Lock, Duration> {
        if let Some(left) = self.retry_idle.and_then(Retry::left) {
            return Err(left);
        }
        let lock = match self.lock() {
            Ok(lock) => lock,
            Err(LockError::Held(owner)) => {
                self.stand_back(&describe(owner.as_ref()), None);
                return Err(BUSY);
            }
            Err(error) => return Err(self.failed_idle(error.to_string())),
        };
        let app = &self.app.name;
        let unfinished = Journal::unfinished(self.state_dir(), app);
        let record = target::find(self.hold_dir(), app);
        let is_same = record.is_ok_and(|record| record == self.record);
        match is_same && unfinished == Ok(None) {
            true => Ok(lock),
            false => Err(SOON),
        }
    }

    pub(super) fn end_idle(&mut self, done: Result<(), GateError>, failure: &str) -> Duration {
        // The next round lists the rules again.
        self.rules.may_have_changed();
        self.checks.anew();
        match done {
            Ok(()) => SOON,
            Err(error) => self.failed_idle(format!("{failure}: {error}")),
        }
    }

    pub(super) fn failed_idle(&mut self, why: String) -> Duration {
        let retry = Retry::after(self.retry_idle);
        self.retry_idle = Some(retry);
        self.in_the_way(why);
        retry.wait
    }
}
