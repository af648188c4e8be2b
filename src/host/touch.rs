//! Restarts and upgrades the app, and waits for what a dead agent's restart or upgrade still
//! runs.

use super::ThisHost;
use super::left_running::left_running;
use super::listener::heeded;
use crate::app::{Change, Printed, Restart};
use crate::gate::Gate;
use crate::haproxy::{BalancerObservation, Role};
use crate::restart::{ActionResult, Verb};
use crate::restart::{Host, Meanwhile, OnMeanwhile};
use crate::state::directory;
use crate::state::hold::{self, Failed, Failure, Held};
use crate::state::invocation::Invocation;
use crate::state::journal::{Entry, Journal};
use crate::state::orphan::Orphan;
use crate::tcp;
use std::io;
use std::time::Instant;

impl ThisHost {
    /// Restarts the app.
    pub(super) async fn restart(&mut self, on: OnMeanwhile<'_>) -> ActionResult {
        let app = self.app.clone();
        let restart = &app.restart;
        let orphan = match restart {
            Restart::Command(argv) | Restart::StopAndStart { stop: argv, .. } => {
                Some(Orphan::command(argv))
            }
            restart => restart.is_to_end().and_then(Orphan::process),
        };
        let printed = Printed::default();
        let (environment, limit) = (app.environment(), app.limits.restart);
        let run = restart.run_with(environment, limit, self.note_process(), &printed);
        let run = async { run.await.map_err(|error| error.to_string()) };
        let before = tcp::listeners(app.ports.port);
        let result = self.touch(orphan, run, on).await;
        on(self.elapsed(), Meanwhile::Printed(printed.lines()));
        if result.is_ok() {
            heeded(before, app.ports.port).await;
        }
        acted(result)
    }

    /// Runs the upgrade or the rollback once. Meanwhile a hold marks the gates as closed: the
    /// journal is gone after a reboot, but half an upgrade is not.
    pub(super) async fn change(
        &mut self,
        change: Option<Change>,
        phase: &str,
        on: OnMeanwhile<'_>,
    ) -> ActionResult {
        let Some(change) = change else {
            return ActionResult::Failed(
                "internal error: no such command is configured".to_owned(),
            );
        };
        let before = match self.hold(phase) {
            Ok(before) => before,
            Err(error) => {
                let what = directory::unusable("hold_dir", &self.hold_dir, &error);
                return ActionResult::Failed(what);
            }
        };
        let orphan = Orphan::command(change.argv());
        let app = self.app.clone();
        let printed = Printed::default();
        let note = self.note_process();
        let environment = app.environment().in_phase(phase);
        let run = change.run(environment, app.limits.upgrade, note, &printed);
        let run = async { run.await.map_err(|error| error.to_string()) };
        let result = self.touch(Some(orphan), run, on).await;
        on(self.elapsed(), Meanwhile::Printed(printed.lines()));
        if result.is_ok() {
            self.hold_as_before(before.as_ref());
        }
        acted(result)
    }

    /// Returns the earlier hold.
    fn hold(&self, phase: &str) -> io::Result<Option<Held>> {
        let invocation = Invocation::new(Verb::Restart, &self.app.name);
        let why = format!("its {phase} began and has not ended");
        // The journal of this operation names it.
        let journal = Journal::unfinished(&self.state_dir, &self.app.name);
        let origin = journal.ok().flatten().map(|entry| entry.origin);
        let failed = Failed::UpgradeCutShort;
        let cut_short = Failure::new(invocation, origin.as_ref(), failed, why);
        hold::during_upgrade(&self.hold_dir, cut_short)
    }

    fn hold_as_before(&self, before: Option<&Held>) {
        if let Err(error) = hold::as_before(&self.hold_dir, &self.app.name, before) {
            tracing::warn!(%error, "the earlier hold can't be restored");
        }
    }

    /// Notes the process of a command that runs.
    pub(super) fn note_process(&self) -> impl FnMut(u32) + use<> {
        let (state_dir, app) = (self.state_dir.clone(), self.app.name.clone());
        move |pid| {
            let process = Orphan::process(pid.cast_signed());
            let noted = process.map(|process| process.note(&state_dir, &app));
            if let Some(Err(error)) = noted {
                tracing::warn!(%error, "the command's pid can't be written to the state directory");
            }
        }
    }

    /// Notes what will run before it begins. An agent that is killed a moment later could not do
    /// it.
    pub(super) async fn touch(
        &mut self,
        orphan: Option<Orphan>,
        run: impl Future<Output = Result<(), String>>,
        on: OnMeanwhile<'_>,
    ) -> Result<(), String> {
        self.moved = false;
        let note = |orphan: Orphan| orphan.note(&self.state_dir, &self.app.name);
        let result = match orphan.map_or(Ok(()), note) {
            Err(error) => Err(directory::unusable("state_dir", &self.state_dir, &error)),
            Ok(()) => self.closed_during(run, on).await,
        };
        // The next operation must wait for what still runs.
        if let Ok(None) = Orphan::running(&self.state_dir, &self.app.name) {
            Orphan::forget(&self.state_dir, &self.app.name);
        }
        result
    }

    /// A signal does not interrupt this, but the agent acknowledges it. If another process opens
    /// a gate meanwhile, the agent closes it again. It reports what HAProxy shows meanwhile.
    async fn closed_during(
        &mut self,
        run: impl Future<Output = Result<(), String>>,
        on: OnMeanwhile<'_>,
    ) -> Result<(), String> {
        let mut moved = false;
        let mut acknowledged = false;
        let mut run = std::pin::pin!(run);
        let result = loop {
            let poll = self.poll;
            tokio::select! {
                result = &mut run => break result,
                shown = self.meanwhile().next() => self.report_meanwhile(shown, on).await,
                () = tokio::time::sleep(poll) => {}
            }
            self.hold_ports();
            if self.stop.asked().is_some() && !std::mem::replace(&mut acknowledged, true) {
                tracing::warn!(
                    "interrupted while the agent works on the app: the agent finishes \
                    that first"
                );
            }
            moved |= self.keep_closed().await;
        };
        self.moved = moved;
        result
    }

    async fn report_meanwhile(&mut self, shown: BalancerObservation, on: OnMeanwhile<'_>) {
        if on(self.elapsed(), Meanwhile::Lines(shown)) {
            let causes = self.why_up(&[Role::Main, Role::Twin]).await;
            on(self.elapsed(), Meanwhile::Causes(causes));
        }
    }

    async fn keep_closed(&mut self) -> bool {
        let (own, others) = (self.gates.clone(), self.kept_open.clone());
        let open = others.iter().map(|gate| (gate, true));
        let closed = own.iter().map(|gate| (gate, false));
        let wanted: Vec<(&Gate, bool)> = open.chain(closed).collect();
        self.ensure_all(&wanted).await == Ok(true)
    }

    /// Waits until an earlier operation's restart or upgrade is over. Err: it is not.
    pub async fn settle(&self) -> Result<(), String> {
        let app = &self.app.name;
        let left = Journal::unfinished(&self.state_dir, app).ok().flatten();
        let (limit, what) = left_running(&self.app, left.map(|entry| entry.phase).as_ref());
        let began = Instant::now();
        let running = || {
            Orphan::running(&self.state_dir, app).map_err(|error| {
                format!("the agent can't find out whether an earlier {what} still runs: {error}")
            })
        };
        while let Some(pid) = running()? {
            if began.elapsed() >= limit {
                return Err(format!(
                    "an earlier {what} still runs as process {pid}: let it end, or run `kill \
                     {pid}`, and try again"
                ));
            }
            tokio::time::sleep(self.poll).await;
        }
        Orphan::forget(&self.state_dir, app);
        let settled = self.app.restart.settle(self.app.limits.restart).await;
        settled.map_err(|error| error.to_string())
    }

    /// Whether the app was restarted since an earlier operation looked. None: unknown.
    pub async fn restarted(&self, left: &Entry) -> Option<bool> {
        let now = self.app.restart.instance().await;
        let before = left.instance.as_deref()?;
        self.app.restart.was_restarted(before, now.as_deref())
    }
}

pub(super) fn acted(result: Result<(), String>) -> ActionResult {
    match result {
        Ok(()) => ActionResult::Done,
        Err(why) => ActionResult::Failed(why),
    }
}
