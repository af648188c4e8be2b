//! SIGTERM: the host goes down, or its sidecar is stopped. Out of rotation, drained, the end.

use super::act::own;
use super::care::Care;
use super::{ENDS, Ended, HEARTBEAT, Sidecar};
use crate::config::Settings;
use crate::host::balancers;
use crate::lock::{Lock, LockError, Who, told};
use crate::operation::{Report, Unwritten};
use crate::restart::{Limits, Verb};
use crate::state;
use crate::stop::Stop;
use futures_util::StreamExt;
use futures_util::future::join_all;
use sd_notify::NotifyState;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two tries for the lock.
const AGAIN: Duration = Duration::from_millis(50);

impl Sidecar {
    /// Takes all apps out at once: the host has little time. A second signal ends the waiting;
    /// the gates stay closed all the same.
    pub(super) async fn leave(mut self, mut cares: Vec<Care>) -> Ended {
        self.board.notify(&[NotifyState::Stopping]);
        let stop = Stop::default();
        let leaving = take_out(&self.settings, &mut cares, &stop);
        let mut leaving = std::pin::pin!(leaving);
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        let apps = loop {
            tokio::select! {
                apps = &mut leaving => break apps,
                Some(signal) = self.signals.next() => asked_again(signal, &stop),
                _ = heartbeat.tick() => self.board.tell_leaving(),
            }
        };
        for report in &apps {
            let (app, outcome) = (&report.app, report.outcome);
            tracing::info!(%app, outcome, "{app}: {}", report.message);
        }
        let exit = apps
            .iter()
            .map(|report| report.exit)
            .find(|exit| *exit != 0);
        Ended {
            exit: exit.unwrap_or(0),
            apps,
        }
    }
}

/// Whoever wants a new configuration or program now comes too late.
fn asked_again(signal: i32, stop: &Stop) {
    if ENDS.iter().any(|one| *one as i32 == signal) {
        tracing::warn!("another signal {signal}: nothing more is waited for");
        stop.ask(signal);
    }
}

async fn take_out(settings: &Settings, cares: &mut [Care], stop: &Stop) -> Vec<Report> {
    let longest = cares.iter().map(|care| all_limits(&care.app.limits)).max();
    let longest = longest.unwrap_or_default();
    let state_dir = &settings.agent.state_dir;
    // The last app that is out lets go of it.
    let host = lock(&state::lock(state_dir), longest, stop).await;
    let host = host.map(Arc::new);
    let apps = cares.iter_mut().map(|care| {
        let host = host.clone();
        async move {
            let path = state::app_lock(state_dir, &care.app.name);
            let locked = match host {
                Ok(host) => lock(&path, longest, stop).await.map(|app| (host, app)),
                Err(why) => Err(why),
            };
            let ended = match locked {
                Ok(_locks) => take_one_out(care, stop).await,
                Err(why) => own(settings, Verb::Stop, &care.app, false).locked_out(why),
            };
            ended.write().await
        }
    });
    let apps = join_all(apps);
    drop(host);
    apps.await
}

/// The balancers are found anew: those of the keeping may be from before this host had its
/// addresses.
async fn take_one_out(care: &mut Care, stop: &Stop) -> Unwritten {
    let app = care.app.clone();
    let balancers = balancers(&care.settings, &app);
    care.run_as(Verb::Stop, &app, (&balancers, stop.clone()), false)
        .await
}

/// An operation under way is left to its end: it has its limits, and the same signal, perhaps.
/// None: there can be no lock, and the host goes down all the same.
async fn lock(path: &Path, longest: Duration, stop: &Stop) -> Result<Option<Lock>, String> {
    let began = Instant::now();
    loop {
        let who = match Lock::take(path, &Who::new("agent run, which ends")) {
            Ok(lock) => return Ok(Some(lock)),
            Err(LockError::Held(who)) => told(who.as_ref()),
            Err(error) => {
                tracing::warn!("going on without the lock: {error}");
                return Ok(None);
            }
        };
        if stop.asked().is_some() || began.elapsed() > longest {
            return Err(format!("another operation holds the lock: {who}"));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// The longest that an operation may take.
fn all_limits(limits: &Limits) -> Duration {
    let out = 3 * limits.out_of_rotation + limits.sticky + limits.drain + limits.turn;
    out + limits.restart + limits.healthy + limits.in_rotation
}
