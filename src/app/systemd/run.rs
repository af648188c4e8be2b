//! Runs a job of systemd, from its queueing to a unit that runs, or after a stop to one that does
//! not.
//!
//! systemd announces a job's end by a signal. The signal may come before the answer to our call,
//! or get lost while systemd reloads itself. So the agent listens before it calls, and looks now
//! and then. A job that is done is not yet a unit that runs.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use zbus::OwnedObjectPath;
use zbus_systemd::systemd1::JobRemovedStream;

use super::error::{UnitError, UnitState};
use super::job::Job;
use super::unit::{Unit, said};

/// Between two looks at a job whose end systemd has not announced.
const LOOK: Duration = Duration::from_secs(1);
/// Between two looks at a unit that has yet to settle.
const SETTLE: Duration = Duration::from_millis(50);
/// The limit of the last look, once the time is up.
const LAST_LOOK: Duration = Duration::from_secs(2);

/// Queues the job and waits, at most `limit`, until the unit is active, or after a stop until it is
/// down.
pub(in crate::app) async fn run(name: &str, job: Job, limit: Duration) -> Result<(), UnitError> {
    let deadline = Instant::now() + limit;
    let find = async {
        let unit = Unit::find(name).await?;
        unit.usable_for(job).await.map(|_| unit)
    };
    let unit = timeout_at(deadline, find)
        .await
        .map_err(|_| UnitError::Bus {
            reason: format!("silent for {limit:?}"),
        })??;
    match timeout_at(deadline, carry_out(&unit, job)).await {
        Ok(ended) => ended,
        Err(_) => Err(late(unit, job, limit).await),
    }
}

/// Waits, at most `limit`, until the unit has no queued job and its state is final.
pub(in crate::app) async fn settle(name: &str, job: Job, limit: Duration) -> Result<(), UnitError> {
    let unit = Unit::find(name).await?;
    let idle = async {
        loop {
            let state = seen(&unit).await?;
            let queued = match unit.proxy.job().await {
                Ok((job, _)) => job != 0,
                Err(error) if said(&error).is_some() => true,
                Err(error) => return Err(UnitError::from(error)),
            };
            // A unit that systemd starts again and again would never get there.
            let looping = state.sub.starts_with("auto-restart");
            if looping || !(queued || is_passing(&state)) {
                return Ok(());
            }
            sleep(SETTLE).await;
        }
    };
    match timeout(limit, idle).await {
        Ok(ended) => ended,
        Err(_) => Err(late(unit, job, limit).await),
    }
}

async fn carry_out(unit: &Unit, job: Job) -> Result<(), UnitError> {
    let mut removed = unit.manager.receive_job_removed().await?;
    // Without a subscriber systemd may send no signals.
    unit.manager.subscribe().await?;
    let run_before = unit.proxy.invocation_id().await.ok();
    let path = queue(unit, job).await?;
    let result = ended(unit, &path, &mut removed).await?;
    let name = unit.name.clone();
    if result.is_none() {
        tracing::warn!(
            "systemd did not report how the {job} of {name} ended; the agent uses the \
            unit's state"
        );
    }
    if let Some(result) = result.filter(|result| result != "done") {
        let state = seen(unit).await?;
        let is_start = [Job::Start, Job::Restart].contains(&job) && result == "failed";
        let run_now = unit.proxy.invocation_id().await.ok();
        return Err(UnitError::Failed {
            refused: is_start && run_now.is_some() && run_now == run_before,
            unit: name,
            job,
            result,
            state,
        });
    }
    judge(name, job, settled(unit).await?)
}

/// A unit that failed while it was stopped is down all the same.
fn judge(unit: String, job: Job, state: UnitState) -> Result<(), UnitError> {
    match (job, state.active.as_str()) {
        (Job::Stop, "inactive") => Ok(()),
        (Job::Stop, "failed") => {
            tracing::warn!("{unit} is stopped, and is {state}: see `journalctl -u {unit}`");
            Ok(())
        }
        (Job::Stop, _) => Err(UnitError::StillActive { unit, state }),
        (_, "active") => Ok(()),
        _ => Err(UnitError::NotActive { unit, job, state }),
    }
}

async fn queue(unit: &Unit, job: Job) -> Result<OwnedObjectPath, UnitError> {
    let (name, mode) = (unit.name.clone(), "replace".to_owned());
    let queued = match job {
        Job::ReloadOrRestart => unit.manager.reload_or_restart_unit(name, mode).await,
        Job::Restart => unit.manager.restart_unit(name, mode).await,
        Job::Reload => unit.manager.reload_unit(name, mode).await,
        Job::Start => unit.manager.start_unit(name, mode).await,
        Job::Stop => unit.manager.stop_unit(name, mode).await,
    };
    queued.map_err(|error| match said(&error) {
        Some(reason) => UnitError::Refused {
            unit: unit.name.clone(),
            job,
            reason,
        },
        None => error.into(),
    })
}

/// The job's result in systemd's word. `None`: the job is gone, and its result is unknown.
async fn ended(
    unit: &Unit,
    job: &OwnedObjectPath,
    removed: &mut JobRemovedStream,
) -> Result<Option<String>, UnitError> {
    loop {
        match timeout(LOOK, result_of(job, removed)).await {
            Ok(result) => return result.map(Some),
            Err(_) if is_queued(unit, job).await? => {}
            // systemd sends the signal before its answer that the job is gone: it is here, or
            // lost.
            Err(_) => return result_of(job, removed).now_or_never().transpose(),
        }
    }
}

async fn result_of(
    job: &OwnedObjectPath,
    removed: &mut JobRemovedStream,
) -> Result<String, UnitError> {
    while let Some(signal) = removed.next().await {
        let removed = signal.args()?;
        if removed.job == *job {
            return Ok(removed.result.clone());
        }
    }
    Err(UnitError::Bus {
        reason: "the bus closed the connection".to_owned(),
    })
}

async fn is_queued(unit: &Unit, job: &OwnedObjectPath) -> Result<bool, UnitError> {
    match unit.proxy.job().await {
        Ok((_, queued)) => Ok(queued == *job),
        // systemd runs but has no answer, as while it executes itself anew: look again.
        Err(error) if said(&error).is_some() => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// The unit's state, once it is final.
async fn settled(unit: &Unit) -> Result<UnitState, UnitError> {
    loop {
        match seen(unit).await? {
            state if is_passing(&state) => sleep(SETTLE).await,
            state => return Ok(state),
        }
    }
}

/// The unit's state, once systemd has an answer: see [`is_queued`].
async fn seen(unit: &Unit) -> Result<UnitState, UnitError> {
    loop {
        match unit.state().await {
            Err(error) if said(&error).is_some() => sleep(SETTLE).await,
            state => return Ok(state?),
        }
    }
}

fn is_passing(state: &UnitState) -> bool {
    ["activating", "deactivating", "reloading", "refreshing"].contains(&state.active.as_str())
}

async fn late(unit: Unit, job: Job, limit: Duration) -> UnitError {
    let seen = match timeout(LAST_LOOK, unit.state()).await {
        Ok(Ok(state)) => format!("the unit is {state}"),
        _ => "and systemd does not answer any more".to_owned(),
    };
    UnitError::Limit {
        unit: unit.name,
        job,
        limit,
        seen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_after_a_job_decides() {
        for (job, active, good) in [
            (Job::Start, "active", true),
            (Job::Start, "inactive", false),
            (Job::Start, "failed", false),
            (Job::Restart, "failed", false),
            (Job::Stop, "inactive", true),
            (Job::Stop, "failed", true),
            (Job::Stop, "active", false),
        ] {
            let state = UnitState {
                active: active.to_owned(),
                sub: "running".to_owned(),
                result: None,
            };
            let judged = judge("web.service".to_owned(), job, state);
            assert_eq!(judged.is_ok(), good, "{job} {active}: {judged:?}");
        }
    }
}
