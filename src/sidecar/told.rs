//! How the sidecar's own operations go: to the log, with fields, and to the board.

use super::board::Board;
use crate::config::AppSettings;
use crate::operation::describe;
use crate::restart::Progress;
use crate::restart::{Limits, Phase};
use std::time::Duration;

/// One operation's.
pub(crate) struct Told {
    app: AppSettings,
    limits: Limits,
    board: Board,
    phase: &'static str,
}

impl Told {
    /// Of an operation on this app, within these limits.
    pub(crate) fn new(app: &AppSettings, limits: &Limits, board: &Board) -> Told {
        Told {
            app: app.clone(),
            limits: limits.clone(),
            board: board.clone(),
            phase: "",
        }
    }
}

impl Progress for Told {
    fn enters(&mut self, _at: Duration, phase: &Phase) {
        self.phase = phase.name();
        let what = describe(phase, &self.limits, &self.app);
        tracing::info!(app = %self.app.name, phase = self.phase, "{}: {what}", self.app.name);
        self.board.line(&self.app.name, what);
        self.board.tell();
    }

    fn waits(&mut self, _at: Duration, waiting: &[String]) {
        if !waiting.is_empty() {
            let line = format!("{}, {}", self.phase, waiting.join(", "));
            self.board.line(&self.app.name, line);
            self.board.tell();
        }
    }

    fn notes(&mut self, _at: Duration, note: &str) {
        tracing::info!(app = %self.app.name, phase = self.phase, "{}: {note}", self.app.name);
    }
}
