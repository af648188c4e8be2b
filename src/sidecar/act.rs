//! What the sidecar does for an app: the operations of the command line, in a hurry, so that
//! whoever wants the lock has it in a moment.

use super::care::{BUSY, Care};
use super::told::Told;
use crate::config::{AppSettings, Settings};
use crate::haproxy::Balancer;
use crate::operation::{Operation, Options, Unwritten};
use crate::report::Report;
use crate::restart::Progress;
use crate::restart::{Limits, Verb};
use crate::signals::StopSignal;
use crate::state::counters::Counters;
use crate::state::directory;
use crate::state::hold;
use crate::state::lock::{Lock, LockError, Owner, describe};
use std::time::{Duration, Instant};

/// After something failed it is tried again: the first wait, and the longest.
const RETRY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

/// What a restart that was left behind may still take, while the lock is had.
const SETTLES: Duration = Duration::from_secs(1);

/// After something was done.
const SOON: Duration = Duration::from_millis(50);

impl Care {
    /// As the command line does it, but that nobody is waited for while the lock is had.
    pub(super) async fn operate(&mut self, verb: Verb) -> Duration {
        if let Some((at, _)) = self.retry
            && Instant::now() < at
        {
            return at - Instant::now();
        }
        let begun = Instant::now();
        let lock = match self.lock() {
            Ok(lock) => lock,
            Err(LockError::Held(who)) => {
                self.stand_back(&describe(who.as_ref()), None);
                return BUSY;
            }
            Err(error) => return self.failed(error.to_string()),
        };
        if verb == Verb::Stop && hold::now(self.hold_dir(), &self.app.name).is_none() {
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

    fn lock(&self) -> Result<Lock, LockError> {
        let (state_dir, hold_dir) = (self.state_dir(), self.hold_dir());
        directory::trusted(state_dir, hold_dir, &self.app.name)?;
        let path = directory::app_lock(state_dir, &self.app.name);
        Lock::take(&path, &Owner::new("agent run").brief())
    }

    async fn run(&mut self, verb: Verb) -> Unwritten {
        let balancers = self.rotation.borrow().balancers.clone();
        let app = non_blocking(&self.app);
        self.run_as(verb, &app, (&balancers, StopSignal::default()), None, true)
            .await
    }

    /// An operation on the app, within the limits that `app` has, by who has the lock. With a
    /// `turn` a stop waits so long for enough others.
    pub(super) async fn run_as(
        &mut self,
        verb: Verb,
        app: &AppSettings,
        (balancers, stop): (&[Balancer], StopSignal),
        turn: Option<Duration>,
        non_blocking: bool,
    ) -> Unwritten {
        self.host.renew(app, stop);
        self.host.look_again(balancers);
        let operation = Operation {
            again: self.failure.clone(),
            options: Options {
                turn,
                ..Options::default()
            },
            ..own(&self.settings, verb, app, non_blocking)
        };
        let board = &self.board;
        let tell = |app: &AppSettings, limits: &Limits| -> Box<dyn Progress> {
            Box::new(Told::new(app, limits, board))
        };
        operation.run_on(&mut self.host, &tell).await
    }

    fn repaired(&self, begun: Instant) {
        let app = &self.app.name;
        let millis = begun.elapsed().as_millis();
        tracing::warn!(%app, "{app}: somebody else changed the rules: set right in {millis} ms");
        if let Err(error) = Counters::repaired(self.state_dir(), app) {
            tracing::warn!(%app, %error, "the repair is not counted");
        }
    }

    fn ended(&mut self, verb: Verb, report: &Report) -> Duration {
        let app = &self.app.name;
        // Whatever was done, the rules are looked at again.
        (self.listed, self.healthy) = (None, 0);
        let outcome = report.outcome;
        match (verb, report.exit) {
            // Nothing was waited for, so it can't be drained.
            (Verb::Stop, 0 | 14) => {
                tracing::warn!(%app, outcome, "{app}: somebody opened gates that are held closed: closed again");
            }
            (_, 0) => tracing::info!(%app, outcome, "{app}: {}", report.message),
            _ => return self.failed(report.message.clone()),
        }
        (self.retry, self.failure) = (None, None);
        SOON
    }

    fn failed(&mut self, why: String) -> Duration {
        let [first, longest] = RETRY;
        let wait = self
            .retry
            .map_or(first, |(_, wait)| (wait * 2).min(longest));
        self.retry = Some((Instant::now() + wait, wait));
        self.failure = Some(why.clone());
        self.in_the_way(why);
        wait
    }
}

/// An operation that nobody has asked for.
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

/// Every limit as short as it goes: what takes longer is tried again, without the lock in
/// between.
fn non_blocking(app: &AppSettings) -> AppSettings {
    let mut app = app.clone();
    let limits = &mut app.limits;
    (limits.healthy, limits.healthy_times) = (Duration::ZERO, 1);
    limits.in_rotation = Duration::ZERO;
    (limits.restart, limits.upgrade) = (SETTLES, SETTLES);
    (limits.sticky, limits.out_of_rotation, limits.drain) =
        (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    limits.min_available = 0;
    app
}
