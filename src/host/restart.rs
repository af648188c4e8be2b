//! The app's restart, and what is left of one whose agent died.

use super::ThisHost;
use crate::app::Restart;
use crate::journal::Entry;
use crate::leftover::Leftover;
use crate::restart::Acted;
use std::io;
use std::time::Instant;

impl ThisHost {
    /// Restarts the app. A signal does not cut that short, but is acknowledged; and whoever
    /// opens a gate meanwhile finds it closed again.
    pub(super) async fn restart(&mut self) -> Acted {
        self.moved = false;
        let result = match self.note_first() {
            Err(error) => Err(format!("it can't be noted: {error}")),
            Ok(()) => self.restart_noted().await,
        };
        // What is still at it must be waited for by whoever comes next.
        if let Ok(None) = Leftover::running(&self.state_dir, &self.app.name) {
            Leftover::forget(&self.state_dir, &self.app.name);
        }
        match result {
            Ok(()) => Acted::Done,
            Err(why) => Acted::Failed(why),
        }
    }

    /// Before anything is begun: nobody could say so who is killed a moment later.
    fn note_first(&self) -> io::Result<()> {
        let leftover = match &self.app.restart {
            Restart::Command(argv) => Some(Leftover::command(argv)),
            restart => restart.is_to_end().and_then(Leftover::process),
        };
        leftover.map_or(Ok(()), |leftover| {
            leftover.note(&self.state_dir, &self.app.name)
        })
    }

    async fn restart_noted(&mut self) -> Result<(), String> {
        let note = |pid: u32| {
            let process = Leftover::process(pid.cast_signed());
            let noted = process.map(|process| process.note(&self.state_dir, &self.app.name));
            if let Some(Err(error)) = noted {
                tracing::warn!(%error, "the restart command's process can't be noted");
            }
        };
        let run = self.app.restart.run_telling(self.app.limits.restart, note);
        let mut moved = false;
        let result = {
            let mut run = std::pin::pin!(run);
            let mut told = false;
            loop {
                tokio::select! {
                    result = &mut run => break result,
                    () = tokio::time::sleep(self.poll) => {}
                }
                if self.stop.asked().is_some() && !std::mem::replace(&mut told, true) {
                    tracing::warn!(
                        "interrupted while the app is being restarted: that is finished first"
                    );
                }
                moved |= self.keep_closed().await;
            }
        };
        self.moved = moved;
        result.map_err(|error| error.to_string())
    }

    async fn keep_closed(&self) -> bool {
        let closed: Vec<_> = self.gates.iter().map(|gate| (gate, false)).collect();
        self.firewall.ensure(&closed).await == Ok(true)
    }

    /// Waits until a restart that an earlier operation had begun is over. Err: it is not.
    pub async fn settle(&self) -> Result<(), String> {
        let (limit, app) = (self.app.limits.restart, &self.app.name);
        let began = Instant::now();
        let running = || {
            Leftover::running(&self.state_dir, app).map_err(|error| {
                format!("what an earlier restart left running can't be told: {error}")
            })
        };
        while let Some(pid) = running()? {
            if began.elapsed() >= limit {
                let restart = &self.app.restart;
                return Err(format!(
                    "an earlier restart ({restart}) is still under way in process {pid}: let it end, or `kill {pid}`, and try again"
                ));
            }
            tokio::time::sleep(self.poll).await;
        }
        Leftover::forget(&self.state_dir, app);
        let settled = self.app.restart.settle(limit).await;
        settled.map_err(|error| error.to_string())
    }

    /// Whether the app was restarted since an earlier operation looked; None: can't be told.
    pub async fn restarted(&self, left: &Entry) -> Option<bool> {
        let now = self.app.restart.instance().await;
        let before = left.instance.as_deref()?;
        self.app.restart.was_restarted(before, now.as_deref())
    }
}
