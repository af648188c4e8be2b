//! An operation, from its locks to its report.

use super::go::{Begin, Go, refusal, untouched};
use super::remember::{By, Unwritten};
use super::request::{MakeProgress, Operation};
use crate::clock::since_1970;
use crate::host::ThisHost;
use crate::report::{Draft, Report};
use crate::restart::{Outcome, Verb, seconds};
use crate::signals::StopSignal;
use crate::state::counters::{Counters, Done};
use crate::state::invocation::Invocation;
use crate::state::journal::Journal;
use std::time::Instant;

impl Operation<'_> {
    /// Runs it to its end, and reports how it ended.
    pub async fn run(&self, stop: StopSignal, make_progress: MakeProgress<'_>) -> Report {
        let mut draft = self.draft(By::Caller);
        if let Some(outcome) = self.ends_at_idle_target().await {
            return self.end(&draft, &outcome).write().await;
        }
        if let Some(outcome) = self.ends_outside_windows(&mut draft) {
            return self.end(&draft, &outcome).write().await;
        }
        let asked = Instant::now();
        let locks = self.lock(&stop).await;
        draft.before.for_locks = asked.elapsed();
        let outcome = match locks {
            Ok(_locks) if self.switches() => self.run_switch(stop, make_progress, &mut draft).await,
            Ok(_locks) => self.run_at_target(stop, make_progress, &mut draft).await,
            Err(no_lock) => no_lock.outcome(),
        };
        // The locks are free again: a slow disk must not delay the next operation.
        self.end(&draft, &outcome).write().await
    }

    /// Runs on the current target of an app with targets. Another operation may have changed it
    /// before this one got the locks.
    async fn run_at_target(
        &self,
        stop: StopSignal,
        make_progress: MakeProgress<'_>,
        draft: &mut Draft,
    ) -> Outcome {
        let app = tokio::select! {
            app = self.app_at_target() => app,
            signal = stop.wait() => return untouched(signal),
        };
        let app = match app {
            Ok(app) => app,
            Err(why) => return Outcome::Refused(refusal(why)),
        };
        if let Some(outcome) = self.left_to(app.target.as_deref()) {
            return outcome;
        }
        let (settings, left_out) = self.settings.without(&self.left_out(), &app.name);
        draft.leave_out(left_out);
        match ThisHost::new(&settings, &app, stop).await {
            Ok(mut host) => {
                let operation = self.seen_at(&app);
                operation.run_locked(&mut host, make_progress, draft).await
            }
            Err(error) => Outcome::Refused(refusal(error.to_string())),
        }
    }

    /// The same for the sidecar, which has the locks and writes the history without them.
    pub async fn run_on(&self, host: &mut ThisHost, make_progress: MakeProgress<'_>) -> Unwritten {
        let mut draft = self.draft(By::Sidecar);
        let outcome = self.run_locked(host, make_progress, &mut draft).await;
        self.end(&draft, &outcome)
    }

    /// The report of a sidecar that could not take its lock, with the reason.
    pub fn locked_out(&self, why: String) -> Unwritten {
        let draft = self.draft(By::Sidecar);
        self.end(&draft, &Outcome::Locked(why))
    }

    async fn run_locked(
        &self,
        host: &mut ThisHost,
        make_progress: MakeProgress<'_>,
        draft: &mut Draft,
    ) -> Outcome {
        let outcome = self.begin_and_end(host, make_progress, draft).await;
        let notice = self.only_this_target(host, &outcome, draft).await;
        draft.notices.extend(notice);
        outcome
    }

    async fn begin_and_end(
        &self,
        host: &mut ThisHost,
        make_progress: MakeProgress<'_>,
        draft: &mut Draft,
    ) -> Outcome {
        let invocation = Invocation::new(self.verb, &self.app.name);
        let outcome = match self.begin(host, draft).await {
            Begin::Go(go) => {
                self.prepare_lock(&go, host, draft);
                let unparked = self.unpark_this_target(host).await;
                match unparked.and_then(|()| self.begin_records(invocation, &go, host, draft)) {
                    Ok(journal) => {
                        let progress = make_progress(self.app, &go.limits);
                        return self.operate(host, &go, journal, progress, draft).await;
                    }
                    Err(why) => Outcome::Refused(refusal(why)),
                }
            }
            begin => begin.outcome(draft),
        };
        let lock = host.group_lock.take();
        self.give_back_lock(lock, draft).await;
        self.count(&outcome, draft);
        outcome
    }

    /// Err: the operation must not go on without its journal, or without the record of its target.
    fn begin_records(
        &self,
        invocation: Invocation,
        go: &Go,
        host: &ThisHost,
        draft: &Draft,
    ) -> Result<Journal, String> {
        match self.record_target() {
            // Nothing may keep a host that goes down from closing.
            Err(error) if self.effective_verb() == Verb::Stop => {
                tracing::warn!("{error}");
            }
            recorded => recorded?,
        }
        self.journal(invocation, go, host, draft)
    }

    /// Counts the operation for metrics. The operation does not depend on it.
    pub(super) fn count(&self, outcome: &Outcome, draft: &Draft) {
        let done = Done {
            verb: self.verb.word(),
            outcome: outcome.word(self.verb),
            exit: outcome.exit_code(),
            phases: &draft.phases,
            ended: seconds(since_1970()),
        };
        let app = &self.app.name;
        if !self.dry_run
            && let Err(error) = Counters::add(self.state_dir(), app, &done)
        {
            tracing::info!(%app, %error, "the operation is not counted");
        }
    }
}
