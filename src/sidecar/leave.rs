//! The stop of the sidecar. [`ending`] decides whether the gates stay as they are, or the sidecar
//! takes the host out of rotation and drains it.

use super::act::own;
use super::ending::{Ending, Machine, ending};
use super::out::{WayOut, take_one_out};
use super::reconciler::Reconciler;
use super::switches::all_limits;
use super::{ENDS, Ended, HEARTBEAT, Sidecar, machine};
use crate::config::{OnStop, Settings};
use crate::report::Report;
use crate::restart::Verb;
use crate::signals::StopSignal;
use crate::state::directory;
use crate::state::lock::{Lock, LockError, Owner, describe};
use futures_util::StreamExt;
use futures_util::future::join_all;
use sd_notify::NotifyState;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The time between two tries for the lock.
const AGAIN: Duration = Duration::from_millis(50);

impl Sidecar {
    /// Asks systemd what the stop is for, and does what that means for the gates. A second signal
    /// ends all waiting.
    pub(super) async fn leave(mut self, mut reconcilers: Vec<Reconciler>) -> Ended {
        self.publisher.notify(&[NotifyState::Stopping]);
        let stop = StopSignal::default();
        let publisher = self.publisher.clone();
        let may_extend = publisher.has_systemd();
        let leaving = async {
            let machine = machine::look().await;
            let ending = ending(&machine, self.settings.agent.on_stop);
            match ending {
                Ending::Keep => self::keep(&self.settings, &machine),
                Ending::Out | Ending::OutIfEnough => {
                    log_way_out(&machine, ending);
                    let way_out = WayOut { ending, may_extend };
                    let all = take_out(&self.settings, &mut reconcilers, way_out, &stop);
                    ended(ending, all.await)
                }
            }
        };
        let mut leaving = std::pin::pin!(leaving);
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        let ended = loop {
            tokio::select! {
                ended = &mut leaving => break ended,
                Some(signal) = self.signals.next() => asked_again(signal, &stop),
                _ = heartbeat.tick() => publisher.extend_stop(),
            }
        };
        publisher.last_words(&ended.summary);
        ended
    }
}

/// Changes nothing, and logs what that means.
fn keep(settings: &Settings, machine: &Machine) -> Ended {
    let machine = machine.describe();
    let means = "HAProxy continues as before, and nothing repairs the rules until the sidecar \
        runs again";
    tracing::info!("stopped, the gates stay as they are: {machine}; {means}");
    if settings.agent.on_stop == OnStop::Keep {
        tracing::info!("to take this host out at each stop, set [agent] on_stop = \"drain\"");
    }
    Ended {
        exit: 0,
        outcome: "stopped",
        ending: Ending::Keep,
        summary: "stopped, the gates stay as they are".to_owned(),
        apps: Vec::new(),
    }
}

fn log_way_out(machine: &Machine, ending: Ending) {
    let machine = machine.describe();
    match ending {
        Ending::Out => tracing::info!("taking this host out of rotation: {machine}"),
        _ => tracing::info!("taking this host out of rotation, by on_stop = \"drain\": {machine}"),
    }
}

fn ended(ending: Ending, apps: Vec<Report>) -> Ended {
    for report in &apps {
        let (app, outcome) = (&report.app, report.outcome);
        tracing::info!(%app, outcome, "{app}: {}", report.message);
    }
    let summary = apps.iter();
    let summary = summary.map(|report| format!("{}: {}", report.app, report.message));
    let summary = summary.collect::<Vec<_>>().join("; ");
    let failed = apps.iter().find(|report| report.exit != 0);
    Ended {
        exit: failed.map_or(0, |report| report.exit),
        outcome: failed.map_or("stopped", |report| report.outcome),
        ending,
        summary,
        apps,
    }
}

/// A second stop signal ends all waiting. A request to reload comes too late and is ignored.
fn asked_again(signal: i32, stop: &StopSignal) {
    if ENDS.iter().any(|one| *one as i32 == signal) {
        tracing::warn!("another signal {signal}: the sidecar waits for nothing more");
        stop.ask(signal);
    }
}

async fn take_out(
    settings: &Settings,
    reconcilers: &mut [Reconciler],
    way_out: WayOut,
    stop: &StopSignal,
) -> Vec<Report> {
    let longest = reconcilers
        .iter()
        .map(|reconciler| all_limits(&reconciler.app.limits))
        .max();
    let longest = longest.unwrap_or_default();
    let state_dir = &settings.agent.state_dir;
    // The last app that is out releases it.
    let host = lock(&directory::lock(state_dir), longest, stop).await;
    let host = host.map(Arc::new);
    let apps = reconcilers.iter_mut().map(|reconciler| {
        let host = host.clone();
        async move {
            let path = directory::app_lock(state_dir, &reconciler.app.name);
            let locked = match host {
                Ok(host) => lock(&path, longest, stop).await.map(|app| (host, app)),
                Err(why) => Err(why),
            };
            let ended = match locked {
                Ok(_locks) => take_one_out(reconciler, way_out, stop).await,
                Err(why) => own(settings, Verb::Stop, &reconciler.app, false).locked_out(why),
            };
            ended.write().await
        }
    });
    let apps = join_all(apps);
    drop(host);
    apps.await
}

/// Waits for an operation under way: it has its limits, and perhaps got the same signal. None if
/// no lock can be taken: the host goes down all the same.
async fn lock(path: &Path, longest: Duration, stop: &StopSignal) -> Result<Option<Lock>, String> {
    let began = Instant::now();
    loop {
        let owner = match Lock::take(path, &Owner::new("agent run, which ends")) {
            Ok(lock) => return Ok(Some(lock)),
            Err(LockError::Held(owner)) => describe(owner.as_ref()),
            Err(error) => {
                tracing::warn!(
                    "another operation may be under way on this host, which goes down all the same: {error}"
                );
                return Ok(None);
            }
        };
        if stop.asked().is_some() || began.elapsed() > longest {
            return Err(format!(
                "another operation is under way on this host: {owner}"
            ));
        }
        tokio::time::sleep(AGAIN).await;
    }
}
