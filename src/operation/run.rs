//! An operation, from its locks to its report.

use super::begin::Go;
use super::driver::drive;
use super::early::{Begun, or_ends, refused};
use super::remember::{By, Unwritten};
use super::request::{MakeProgress, Operation};
use crate::clock::since_1970;
use crate::host::ThisHost;
use crate::report::{Report, Watched};
use crate::restart::{Host, Progress};
use crate::restart::{Outcome, Verb};
use crate::restart::{PhaseTime, seconds};
use crate::signals::StopSignal;
use crate::state::counters::{Counters, Done};
use crate::state::invocation::Invocation;
use crate::state::journal::{Entry, Journal};
use crate::state::{StateFile, directory};
use std::ops::ControlFlow::{Break, Continue};
use std::time::Instant;

impl Operation<'_> {
    /// Runs it to its end, and reports how it ended.
    pub async fn run(&self, stop: StopSignal, make_progress: MakeProgress<'_>) -> Report {
        let mut report = self.report(By::Caller);
        let asked = Instant::now();
        let locks = self.lock(&stop).await;
        report.before.turn = asked.elapsed();
        let outcome = match locks {
            Continue(_locks) => match ThisHost::new(self.settings, self.app, stop).await {
                Ok(mut host) => self.run_locked(&mut host, make_progress, &mut report).await,
                Err(error) => refused(error.to_string()),
            },
            Break(outcome) => outcome,
        };
        self.end(report, &outcome).write().await
    }

    /// The same for the sidecar, which has the locks and writes the history without them.
    pub async fn run_on(&self, host: &mut ThisHost, make_progress: MakeProgress<'_>) -> Unwritten {
        let mut report = self.report(By::Sidecar);
        let outcome = self.run_locked(host, make_progress, &mut report).await;
        self.end(report, &outcome)
    }

    /// The report of a sidecar that could not take its lock, with the reason.
    pub fn locked_out(&self, why: String) -> Unwritten {
        let report = self.report(By::Sidecar);
        self.end(report, &Outcome::Locked(why))
    }

    async fn run_locked(
        &self,
        host: &mut ThisHost,
        make_progress: MakeProgress<'_>,
        report: &mut Report,
    ) -> Outcome {
        let invocation = Invocation::new(self.verb, &self.app.name);
        match self.begin_journal(&invocation, host, report).await {
            Continue((go, journal)) => {
                let progress = make_progress(self.app, &go.limits);
                self.operate(host, (&go, journal), (progress, report), invocation)
                    .await
            }
            Break(outcome) => {
                self.count(&outcome, report);
                outcome
            }
        }
    }

    /// Begins the operation, and writes its journal.
    async fn begin_journal(
        &self,
        invocation: &Invocation,
        host: &mut ThisHost,
        report: &mut Report,
    ) -> Begun<(Go, Journal)> {
        let go = self.begin(host, report).await?;
        let journal = or_ends(self.journal(invocation, &go, (host, report)))?;
        Continue((go, journal))
    }

    /// Counts the operation for metrics. The operation does not depend on it.
    fn count(&self, outcome: &Outcome, report: &Report) {
        let done = Done {
            verb: self.verb.word(),
            outcome: outcome.word(self.verb),
            exit: outcome.exit_code(),
            phases: &report.phases,
            ended: seconds(since_1970()),
        };
        let app = &self.app.name;
        if !self.dry_run
            && let Err(error) = Counters::add(self.state_dir(), app, &done)
        {
            tracing::info!(%app, %error, "what this came to is not counted");
        }
    }

    async fn operate(
        &self,
        host: &mut ThisHost,
        (go, mut journal): (&Go, Journal),
        (progress, report): (Box<dyn Progress>, &mut Report),
        invocation: Invocation,
    ) -> Outcome {
        if let Err(error) = StateFile::Stopped.remove(self.state_dir(), &self.app.name) {
            tracing::warn!(%error, "the mark of the sidecar's stop stays");
        }
        let outcome = self.drive(host, &mut journal, go, (progress, report)).await;
        let outcome = self.hold(invocation, outcome, report);
        // Before the journal is removed: counting takes its time, too.
        self.count(&outcome, report);
        match outcome {
            // The gates are not as expected: the next operation still needs their earlier
            // positions.
            Outcome::GateFailed {
                put_back: false, ..
            } => journal.leave().unwrap_or_else(
                |error| tracing::warn!(%error, "the journal is not marked as ended"),
            ),
            _ => journal
                .end()
                .unwrap_or_else(|error| tracing::warn!(%error, "the journal stays")),
        }
        outcome
    }

    fn journal(
        &self,
        invocation: &Invocation,
        Go { start, limits }: &Go,
        (host, report): (&ThisHost, &Report),
    ) -> Result<Journal, Outcome> {
        let entry = Entry {
            holder: invocation.clone(),
            phase: start.phase.clone(),
            found_open: host.found_open,
            instance: None,
            restarting: start.verb == Verb::Restart,
            unsure: start.finishes == Some(false),
            stays_closed: limits.stays_closed,
            version: start.version.clone(),
            asked: report.asked.clone(),
            ended: false,
        };
        let state_dir = self.state_dir();
        match Journal::begin(state_dir, entry.clone()) {
            // Nothing may keep a host that goes down from closing.
            Err(error) if self.effective_verb() == Verb::Stop => {
                tracing::warn!(%error, "the journal can't be written");
                Ok(Journal::unwritten(state_dir, entry))
            }
            journal => {
                let unusable = |error| refused(directory::unusable("state_dir", state_dir, &error));
                journal.map_err(unusable)
            }
        }
    }

    async fn drive(
        &self,
        host: &mut ThisHost,
        journal: &mut Journal,
        Go { start, limits }: &Go,
        (mut progress, report): (Box<dyn Progress>, &mut Report),
    ) -> Outcome {
        let begun = host.elapsed();
        report
            .notices
            .iter()
            .for_each(|notice| progress.notes(begun, notice));
        let plan = (start.verb, start.phase.clone(), limits);
        let watching = &mut report.watching;
        watching.detecting.plan(start.verb, limits);
        let timeline = drive(host, journal, &mut Watched { progress, watching }, plan).await;
        let preflight = PhaseTime {
            phase: "preflight",
            start: 0.0,
            seconds: seconds(begun),
            acting: seconds(begun),
            waited_for: Vec::new(),
        };
        report.phases = [preflight].into_iter().chain(timeline.phases).collect();
        report.notices.extend(timeline.notes);
        report.balancers(&timeline.balancers);
        if let Ok(positions) = host.rules.positions(&host.firewall, &host.gates).await {
            report.gates(host.gates.iter().zip(positions));
        }
        match (self.verb, start.finishes, timeline.outcome) {
            (
                Verb::Restart,
                Some(confirmed),
                ended @ (Outcome::Done { .. } | Outcome::RestartedClosed),
            ) => Outcome::Finished {
                confirmed,
                closed: ended == Outcome::RestartedClosed,
            },
            (_, Some(false), Outcome::RolledBackClosed(why)) => {
                report.notices.push(format!("rolled back: {why}"));
                Outcome::Finished {
                    confirmed: false,
                    closed: true,
                }
            }
            // The app was rolled back, and perhaps not restarted after that.
            (_, Some(false), Outcome::RolledBack { why, waiting, .. }) if waiting.is_empty() => {
                report.notices.push(format!("rolled back: {why}"));
                Outcome::Finished {
                    confirmed: false,
                    closed: false,
                }
            }
            (_, _, outcome) => outcome,
        }
    }
}
