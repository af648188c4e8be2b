//! `agent restart`, `agent close`, `agent open`: lock, preflight, journal, drive, report.

use super::plan;
use super::progress::{Human, Silent};
use super::report::Report;
use crate::config::{AppSettings, Settings};
use crate::driver::{Host, Progress, drive, first_phase};
use crate::gate::Position;
use crate::host::ThisHost;
use crate::journal::{Entry, Holder, Journal, Lock, LockError, found_open};
use crate::record::{PhaseRecord, seconds};
use crate::restart::{Limits, Outcome, Refusal, Verb, preflight};
use crate::stop::Stop;
use std::path::Path;
use std::time::SystemTime;

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
        let mut report = Report::new(self.verb, &self.app.name, SystemTime::now());
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
        let limits = self.preflight(&mut host, report).await?;
        let phase = first_phase(self.verb);
        let entry = Entry {
            holder,
            phase,
            found_open: host.found_open.clone(),
            instance: None,
        };
        let state_dir = self.state_dir();
        let mut journal = Journal::begin(state_dir, entry).map_err(|error| {
            refused(format!(
                "{}: {error}; mend [agent] state_dir",
                state_dir.display()
            ))
        })?;
        let outcome = self.drive(&mut host, &mut journal, &limits, report).await;
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

    /// A dry run makes nothing, not even a lock.
    fn lock(&self, holder: &Holder) -> Result<Option<Lock>, Outcome> {
        if !nix::unistd::geteuid().is_root() {
            return Err(refused(
                "iptables and the state directory need root: run it with sudo".to_owned(),
            ));
        }
        if self.dry_run {
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

    /// Looks at everything, decides whether to begin, and notes how the gates were found.
    async fn preflight(&self, host: &mut ThisHost, report: &mut Report) -> Result<Limits, Outcome> {
        let survey = host.survey().await;
        report.survey(&survey);
        let left_behind = Journal::left_behind(self.state_dir(), &self.app.name);
        let mut facts = survey.facts();
        // Who died after closing the gate may have left HAProxy no time to notice.
        facts.main_closed &= left_behind.is_none();
        let notices = preflight(self.verb, &facts, self.app.min_available);
        report.notices = notices.map_err(Outcome::Refused)?;
        report
            .notices
            .extend(left_behind.as_ref().map(Entry::cut_short));
        let open = survey
            .positions()
            .into_iter()
            .map(|position| position != Position::Closed);
        host.found_open = found_open(open.collect(), left_behind);
        let found_open = host.found_open.iter().all(|open| *open);
        let limits = Limits {
            found_open,
            ..self.app.limits.clone()
        };
        if self.dry_run {
            report.plan = Some(plan::steps(self.verb, self.app, &limits, &survey));
            return Err(Outcome::Planned);
        }
        match host.interrupted() {
            Some(signal) => Err(Outcome::Interrupted {
                signal,
                left: "nothing was changed".to_owned(),
            }),
            None => Ok(limits),
        }
    }

    async fn drive(
        &self,
        host: &mut ThisHost,
        journal: &mut Journal,
        limits: &Limits,
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
        let plan = (self.verb, first_phase(self.verb), limits);
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
        record.outcome
    }

    fn state_dir(&self) -> &Path {
        &self.settings.agent.state_dir
    }
}

fn refused(why: String) -> Outcome {
    Outcome::Refused(Refusal::Preflight(vec![why]))
}
