//! Runs the operations of the command line for one app, without waits, so that another process
//! gets the lock soon.

use super::next_action::Gates;
use super::progress::LoggedProgress;
use super::reconciler::{BUSY, Reconciler};
use super::retry::Retry;
use crate::config::{AppSettings, Settings};
use crate::haproxy::{Balancer, Floor};
use crate::operation::{Operation, Options, Unwritten};
use crate::report::Report;
use crate::restart::Progress;
use crate::restart::{Limits, Verb};
use crate::signals::StopSignal;
use crate::state::counters::Counters;
use crate::state::directory;
use crate::state::hold;
use crate::state::lock::{Lock, LockError, Owner, describe};
use crate::state::target;
use std::time::{Duration, Instant};

/// The time that an unfinished restart may still take while the sidecar has the lock.
const SETTLES: Duration = Duration::from_secs(1);

/// The wait after an operation that succeeded.
pub(super) const SOON: Duration = Duration::from_millis(50);

/// An operation that the sidecar runs on one of its apps.
pub(super) struct Run<'a> {
    pub(super) verb: Verb,
    /// The app, with the limits of this operation.
    pub(super) app: &'a AppSettings,
    pub(super) balancers: &'a [Balancer],
    pub(super) stop: StopSignal,
    /// How long a stop waits for enough other hosts. None: it does not wait.
    pub(super) turn: Option<Duration>,
    pub(super) non_blocking: bool,
}

impl Reconciler {
    /// Runs the operation as the command line does, but without any wait while it has the lock.
    pub(super) async fn operate(&mut self, verb: Verb) -> Duration {
        if let Some(left) = self.retry.and_then(Retry::left) {
            return left;
        }
        let begun = Instant::now();
        let lock = match self.lock() {
            Ok(lock) => lock,
            Err(LockError::Held(owner)) => {
                self.stand_back(&describe(owner.as_ref()), None);
                return BUSY;
            }
            Err(error) => return self.failed(error.to_string()),
        };
        if verb == Verb::Stop && hold::now(self.hold_dir(), &self.app.name).is_none() {
            return SOON;
        }
        // An operator may have chosen another target since the look of this round.
        let record = target::find(self.hold_dir(), &self.app.name);
        if record.is_ok_and(|record| record != self.record) {
            return SOON;
        }
        if verb == Verb::Recover && self.is_put_right().await {
            return SOON;
        }
        let repairs = self.open && verb == Verb::Recover;
        let ended = self.run(verb).await;
        if repairs && ended.report.exit == 0 {
            self.repaired(begun);
        }
        drop(lock);
        let report = ended.write().await;
        self.ended(verb, &report)
    }

    /// Another process has opened the gates since the look of this round, and has ended.
    async fn is_put_right(&mut self) -> bool {
        let looked = self.rules.look(&self.host).await.is_ok();
        looked && self.rules.gates() == Gates::Open && !self.read_records().is_unfinished()
    }

    pub(super) fn lock(&self) -> Result<Lock, LockError> {
        let (state_dir, hold_dir) = (self.state_dir(), self.hold_dir());
        directory::trusted(state_dir, hold_dir, &self.app.name)?;
        let path = directory::app_lock(state_dir, &self.app.name);
        Lock::take(&path, &Owner::new("agent run").brief())
    }

    async fn run(&mut self, verb: Verb) -> Unwritten {
        let balancers = self.rotation.borrow().balancers.clone();
        let app = non_blocking(&self.app);
        self.run_as(Run {
            verb,
            app: &app,
            balancers: &balancers,
            stop: StopSignal::default(),
            turn: None,
            non_blocking: true,
        })
        .await
    }

    /// Runs an operation. This process has the lock.
    pub(super) async fn run_as(&mut self, run: Run<'_>) -> Unwritten {
        self.host.renew(run.app, run.stop);
        self.host.look_again(run.balancers);
        let operation = Operation {
            again: self.failure.clone(),
            options: Options {
                turn: run.turn,
                ..Options::default()
            },
            ..own(&self.settings, run.verb, run.app, run.non_blocking)
        };
        let publisher = &self.publisher;
        let progress = |app: &AppSettings, limits: &Limits| -> Box<dyn Progress> {
            Box::new(LoggedProgress::new(app, limits, publisher))
        };
        operation.run_on(&mut self.host, &progress).await
    }

    pub(super) fn repaired(&self, begun: Instant) {
        let app = &self.app.name;
        let millis = begun.elapsed().as_millis();
        tracing::warn!(%app, "{app}: another process changed the rules: the agent repaired them \
            in {millis} ms");
        if let Err(error) = Counters::repaired(self.state_dir(), app) {
            tracing::warn!(%app, %error, "the repair is not counted");
        }
    }

    fn ended(&mut self, verb: Verb, report: &Report) -> Duration {
        let app = &self.app.name;
        // The operation may have changed the rules, so the next round lists them again.
        self.rules.may_have_changed();
        self.checks.anew();
        let outcome = report.outcome;
        match (verb, report.exit) {
            // 14 (not drained) counts as success: this stop did not wait for the drain.
            (Verb::Stop, 0 | 14) => {
                tracing::warn!(%app, outcome, "{app}: another process opened gates that are held \
                    closed: the agent closed them again");
            }
            (_, 0) => tracing::info!(%app, outcome, "{app}: {}", report.message),
            _ => return self.failed(report.message.clone()),
        }
        (self.retry, self.failure) = (None, None);
        SOON
    }

    pub(super) fn failed(&mut self, why: String) -> Duration {
        let retry = Retry::after(self.retry);
        self.retry = Some(retry);
        self.failure = Some(why.clone());
        self.in_the_way(why);
        retry.wait
    }
}

/// An operation that the sidecar starts by itself.
pub(super) fn own<'a>(
    settings: &'a Settings,
    verb: Verb,
    app: &'a AppSettings,
    non_blocking: bool,
) -> Operation<'a> {
    Operation {
        verb,
        settings,
        app,
        dry_run: false,
        options: Options::default(),
        non_blocking,
        again: None,
    }
}

/// The app with the shortest limits. The sidecar retries what takes longer, and releases the lock
/// in between.
fn non_blocking(app: &AppSettings) -> AppSettings {
    let mut app = app.clone();
    let limits = &mut app.limits;
    (limits.healthy, limits.healthy_times) = (Duration::ZERO, 1);
    limits.in_rotation = Duration::ZERO;
    (limits.restart, limits.upgrade) = (SETTLES, SETTLES);
    (limits.sticky, limits.out_of_rotation, limits.drain) =
        (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    limits.min_available = Floor::Servers(0);
    app
}
