//! `agent restart`, `agent close`, `agent open`: lock, preflight, journal, drive, report.

use super::plan;
use super::progress::{Human, Silent};
use super::report::Report;
use crate::config::{AppSettings, Settings};
use crate::driver::{Host, PhaseRecord, Progress, Record, drive, first_phase, seconds};
use crate::gate::Position;
use crate::host::ThisHost;
use crate::journal::{Entry, Holder, Journal, Lock, LockError};
use crate::restart::{Limits, Outcome, Refusal, Verb, preflight};
use crate::stop::Stop;
use crate::survey::Survey;
use std::time::SystemTime;

/// Runs one operation to its end, and says how that was.
pub(super) async fn run(
    verb: Verb,
    settings: &Settings,
    app: &AppSettings,
    dry_run: bool,
    json: bool,
) -> anyhow::Result<Report> {
    let stop = Stop::listen()?;
    let mut report = Report::new(verb, &app.name, SystemTime::now());
    let holder = Holder::new(verb, &app.name);
    let state_dir = &settings.agent.state_dir;
    let _lock = match lock(state_dir, &holder, dry_run) {
        Ok(lock) => lock,
        Err(outcome) => return Ok(report.end(&outcome)),
    };
    let mut host = match ThisHost::new(settings, app, stop).await {
        Ok(host) => host,
        Err(error) => return Ok(report.end(&refused(error.to_string()))),
    };
    let survey = host.survey().await;
    report.survey(&survey);
    let notices = match preflight(verb, &survey.facts(), app.min_available) {
        Ok(notices) => notices,
        Err(refusal) => return Ok(report.end(&Outcome::Refused(refusal))),
    };
    report.notices = notices;
    let left_behind = Journal::left_behind(state_dir, &app.name);
    report.notices.extend(left_behind.as_ref().map(cut_short));
    host.found_open = found_open(&survey, left_behind);
    let limits = Limits {
        found_open: host.found_open.contains(&true),
        ..app.limits.clone()
    };
    if dry_run {
        report.plan = Some(plan::steps(verb, app, &limits, &survey));
        return Ok(report.end(&Outcome::Planned));
    }
    if let Some(signal) = host.interrupted() {
        let left = "nothing was changed".to_owned();
        return Ok(report.end(&Outcome::Interrupted { signal, left }));
    }
    let first = first_phase(verb);
    let entry = Entry {
        holder,
        phase: first.clone(),
        found_open: host.found_open.clone(),
        instance: None,
    };
    let mut journal = match Journal::begin(state_dir, entry) {
        Ok(journal) => journal,
        Err(error) => {
            let what = format!("{}: {error}; mend [agent] state_dir", state_dir.display());
            return Ok(report.end(&refused(what)));
        }
    };
    let mut progress: Box<dyn Progress> = match json {
        true => Box::new(Silent),
        false => Box::new(Human::new(app, &limits)),
    };
    for notice in &report.notices {
        progress.notes(host.elapsed(), notice);
    }
    let preflight = preflight_record(&host);
    let record = drive(
        &mut host,
        &mut journal,
        progress.as_mut(),
        (verb, first, &limits),
    )
    .await;
    if let Err(error) = journal.end() {
        tracing::warn!(%error, "the journal can't be removed");
    }
    Ok(end(report, &host, preflight, record).await)
}

/// A dry run makes nothing, not even a lock.
fn lock(
    state_dir: &std::path::Path,
    holder: &Holder,
    dry_run: bool,
) -> Result<Option<Lock>, Outcome> {
    if dry_run {
        return match Lock::holder(state_dir) {
            None => Ok(None),
            Some(holder) => Err(Outcome::Locked(LockError::Held(holder).to_string())),
        };
    }
    match Lock::take(state_dir, holder) {
        Ok(lock) => Ok(Some(lock)),
        Err(held @ LockError::Held(_)) => Err(Outcome::Locked(held.to_string())),
        Err(unusable) => Err(refused(unusable.to_string())),
    }
}

fn refused(why: String) -> Outcome {
    Outcome::Refused(Refusal::Preflight(vec![why]))
}

fn cut_short(entry: &Entry) -> String {
    let Holder { pid, verb, .. } = entry.holder;
    let (verb, phase) = (verb.word(), entry.phase.name());
    format!("an earlier {verb} (pid {pid}) was cut short in phase {phase}")
}

/// An operation that was cut short had found the gates otherwise than they are now.
fn found_open(survey: &Survey, left_behind: Option<Entry>) -> Vec<bool> {
    let positions = survey.positions();
    match left_behind {
        Some(entry) if entry.found_open.len() == positions.len() => entry.found_open,
        _ => positions
            .iter()
            .map(|position| *position != Position::Closed)
            .collect(),
    }
}

fn preflight_record(host: &ThisHost) -> PhaseRecord {
    let seconds = seconds(host.elapsed());
    PhaseRecord {
        phase: "preflight",
        start: 0.0,
        seconds,
        waited_for: Vec::new(),
    }
}

async fn end(
    mut report: Report,
    host: &ThisHost,
    preflight: PhaseRecord,
    record: Record,
) -> Report {
    report.phases = [preflight].into_iter().chain(record.phases).collect();
    report.notices.extend(record.notes);
    if !record.balancers.is_empty() {
        report.balancers(&record.balancers);
    }
    if let Ok(view) = host.firewall.look().await {
        report.gates(host.gates.iter().map(|gate| (gate, view.position(gate))));
    }
    report.end(&record.outcome)
}
