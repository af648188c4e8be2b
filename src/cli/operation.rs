//! One operation on one app: lock, begin, journal, drive, report.

use super::progress::{Human, Silent};
use super::report::Report;
use crate::config::{AppSettings, Settings};
use crate::driver::{Host, Progress, drive};
use crate::hold;
use crate::host::ThisHost;
use crate::journal::{Entry, Journal};
use crate::lock::{Holder, Lock, LockError};
use crate::record::{PhaseRecord, seconds};
use crate::restart::{Limits, Outcome, Refusal, Start, Verb};
use crate::state;
use crate::stop::Stop;
use std::path::Path;

/// What was asked for.
pub(super) struct Operation<'a> {
    pub(super) verb: Verb,
    pub(super) settings: &'a Settings,
    pub(super) app: &'a AppSettings,
    pub(super) dry_run: bool,
    pub(super) json: bool,
}

impl Operation<'_> {
    /// Runs it to its end, and says how that was.
    pub(super) async fn run(&self) -> anyhow::Result<Report> {
        let stop = Stop::listen()?;
        let mut report = Report::new(self.verb, &self.app.name);
        let outcome = match self.operate(stop, &mut report).await {
            Ok(outcome) | Err(outcome) => outcome,
        };
        Ok(report.end(&outcome))
    }

    /// Err: it ended before anything was touched.
    async fn operate(&self, stop: Stop, report: &mut Report) -> Result<Outcome, Outcome> {
        let holder = Holder::new(self.verb, &self.app.name);
        let _lock = self.lock(&holder)?;
        let new = ThisHost::new(self.settings, self.app, stop).await;
        let mut host = new.map_err(|error| refused(error.to_string()))?;
        let (start, limits) = self.begin(&mut host, report).await?;
        let mut journal = self.journal(&holder, &start, &host)?;
        let outcome = self
            .drive(&mut host, &mut journal, (&start, &limits), report)
            .await;
        let outcome = self.hold(&holder, outcome, report);
        match outcome {
            // The gates don't stand as they should: what was found is still needed.
            Outcome::GateFailed {
                put_back: false, ..
            } => {}
            _ => journal
                .end()
                .unwrap_or_else(|error| tracing::warn!(%error, "the journal stays")),
        }
        Ok(outcome)
    }

    fn journal(&self, holder: &Holder, start: &Start, host: &ThisHost) -> Result<Journal, Outcome> {
        let entry = Entry {
            holder: holder.clone(),
            phase: start.phase.clone(),
            found_open: host.found_open.clone(),
            instance: None,
            restarting: start.verb == Verb::Restart,
            unsure: start.finishes == Some(false),
        };
        let state_dir = self.state_dir();
        Journal::begin(state_dir, entry)
            .map_err(|error| refused(state::unusable(state_dir, &error)))
    }

    /// Gates that an operator has closed stay so until somebody opens them.
    fn hold(&self, holder: &Holder, outcome: Outcome, report: &Report) -> Outcome {
        let state_dir = self.state_dir();
        match (self.verb, outcome) {
            (Verb::Close, Outcome::Done { note }) => match hold::set(state_dir, holder) {
                Ok(()) => Outcome::Done { note },
                Err(error) => Outcome::NotHeld(error.to_string()),
            },
            (_, outcome) => {
                if report.all_open()
                    && let Err(error) = hold::lift(state_dir, &self.app.name)
                {
                    tracing::warn!(%error, "the mark of the closed gates stays");
                }
                outcome
            }
        }
    }

    /// A dry run makes nothing, not even a lock.
    fn lock(&self, holder: &Holder) -> Result<Option<Lock>, Outcome> {
        if !nix::unistd::geteuid().is_root() {
            return Err(refused(
                "iptables and the state directory need root: run it with sudo".to_owned(),
            ));
        }
        if self.dry_run {
            state::trusted(self.state_dir(), &self.app.name)
                .map_err(|untrusted| refused(untrusted.to_string()))?;
            return match Lock::holder(self.state_dir()) {
                None => Ok(None),
                Some(holder) => Err(Outcome::Locked(LockError::Held(holder).to_string())),
            };
        }
        match Lock::take(self.state_dir(), holder) {
            Ok(lock) => Ok(Some(lock)),
            Err(held @ LockError::Held(_)) => Err(Outcome::Locked(held.to_string())),
            Err(unusable) => Err(refused(unusable.to_string())),
        }
    }

    async fn drive(
        &self,
        host: &mut ThisHost,
        journal: &mut Journal,
        (start, limits): (&Start, &Limits),
        report: &mut Report,
    ) -> Outcome {
        let mut progress: Box<dyn Progress> = match self.json {
            true => Box::new(Silent),
            false => Box::new(Human::new(self.app, limits)),
        };
        let begun = host.elapsed();
        report
            .notices
            .iter()
            .for_each(|notice| progress.notes(begun, notice));
        let plan = (start.verb, start.phase.clone(), limits);
        let record = drive(host, journal, progress.as_mut(), plan).await;
        let preflight = PhaseRecord {
            phase: "preflight",
            start: 0.0,
            seconds: seconds(begun),
            waited_for: Vec::new(),
        };
        report.phases = [preflight].into_iter().chain(record.phases).collect();
        report.notices.extend(record.notes);
        report.balancers(&record.balancers);
        if let Ok(view) = host.firewall.look().await {
            report.gates(host.gates.iter().map(|gate| (gate, view.position(gate))));
        }
        match (self.verb, start.finishes, record.outcome) {
            (Verb::Restart, Some(surely), Outcome::Done { .. }) => Outcome::Finished { surely },
            (_, _, outcome) => outcome,
        }
    }

    pub(super) fn state_dir(&self) -> &Path {
        &self.settings.agent.state_dir
    }
}

pub(super) fn refused(why: String) -> Outcome {
    Outcome::Refused(Refusal::Preflight(vec![why]))
}
