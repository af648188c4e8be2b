//! Prepares, starts, verifies and stops a target that serves no users. Its gates stay closed
//! meanwhile.

use super::ThisHost;
use super::target::runs;
use super::touch::acted;
use crate::app::{Change, Printed, Run};
use crate::restart::{ActionResult, Host, Meanwhile, OnMeanwhile};
use crate::state::orphan::Orphan;
use crate::tcp;
use std::time::{Duration, Instant};

/// Between two looks at a port that a stopped target has not freed yet.
const LOOK_EVERY: Duration = Duration::from_millis(5);

const NO_RUN: &str = "internal error: this app has no targets";

impl ThisHost {
    /// Runs a command for this target once, and never repeats it.
    pub(super) async fn run_once(
        &mut self,
        change: Option<&Change>,
        phase: &str,
        limit: Duration,
        on: OnMeanwhile<'_>,
    ) -> ActionResult {
        let Some(change) = change else {
            return ActionResult::Failed(format!("internal error: no {phase} command"));
        };
        let (app, printed) = (self.app.clone(), Printed::default());
        let environment = app.environment().in_phase(phase);
        let run = change.run(environment, limit, self.note_process(), &printed);
        let run = async { run.await.map_err(|error| error.to_string()) };
        let orphan = Orphan::command(change.argv());
        let result = self.touch(Some(orphan), run, on).await;
        on(self.elapsed(), Meanwhile::Printed(printed.lines()));
        acted(result)
    }

    /// Starts the target.
    pub(super) async fn start(&mut self, on: OnMeanwhile<'_>) -> ActionResult {
        let (app, printed) = (self.app.clone(), Printed::default());
        let Some(run) = &app.run else {
            return ActionResult::Failed(NO_RUN.to_owned());
        };
        let orphan = run.start_command().map(Orphan::command);
        let note = self.note_process();
        let start = run.start(app.environment(), app.limits.restart, note, &printed);
        let start = async { start.await.map_err(|error| error.to_string()) };
        let result = self.touch(orphan, start, on).await;
        on(self.elapsed(), Meanwhile::Printed(printed.lines()));
        acted(result)
    }

    /// Stops the target, and waits until its port is free. A command may end earlier.
    pub(super) async fn stop(&mut self, on: OnMeanwhile<'_>) -> ActionResult {
        let (app, printed) = (self.app.clone(), Printed::default());
        let Some(run) = &app.run else {
            return ActionResult::Failed(NO_RUN.to_owned());
        };
        let (limit, began) = (app.limits.restart, Instant::now());
        let orphan = run.stop_command().map(Orphan::command);
        let note = self.note_process();
        let stop = run.stop(app.environment(), limit, note, &printed);
        let stop = async {
            stop.await.map_err(|error| error.to_string())?;
            free(app.ports.port, limit.saturating_sub(began.elapsed())).await
        };
        let result = self.touch(orphan, stop, on).await;
        on(self.elapsed(), Meanwhile::Printed(printed.lines()));
        acted(result)
    }

    /// Whether the target runs. One in a place that this host does not show may run.
    pub(crate) async fn runs(&self) -> bool {
        runs(&self.app).await.is_none_or(|runs| runs.is_ok())
    }

    /// Waits until what a dead agent started or stopped is done.
    pub(super) async fn settle_run(&self) -> Result<(), String> {
        let settled = match &self.app.run {
            Some(run) => Run::settle(run, self.app.limits.restart).await,
            None => Ok(()),
        };
        settled.map_err(|error| error.to_string())
    }
}

/// Waits until nothing listens on the port.
async fn free(port: u16, limit: Duration) -> Result<(), String> {
    let began = Instant::now();
    loop {
        let listeners = tcp::listeners(port).map_err(|error| error.to_string())?;
        match listeners.is_empty() {
            true => return Ok(()),
            false if began.elapsed() >= limit => {
                let who = crate::gate::listeners(port).join(", ");
                return Err(format!(
                    "it was stopped, but {who} still listens on port {port}"
                ));
            }
            false => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}
