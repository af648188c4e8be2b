//! Reports the progress of the sidecar's own operations: to the log, with fields, and to the
//! status publisher.

use super::publisher::StatusPublisher;
use crate::config::AppSettings;
use crate::operation::describe;
use crate::restart::Progress;
use crate::restart::{Limits, Phase};
use std::time::Duration;

/// The progress of one operation.
pub(crate) struct LoggedProgress {
    app: AppSettings,
    limits: Limits,
    publisher: StatusPublisher,
    phase: &'static str,
}

impl LoggedProgress {
    /// For an operation on this app, within these limits.
    pub(crate) fn new(
        app: &AppSettings,
        limits: &Limits,
        publisher: &StatusPublisher,
    ) -> LoggedProgress {
        LoggedProgress {
            app: app.clone(),
            limits: limits.clone(),
            publisher: publisher.clone(),
            phase: "",
        }
    }
}

impl Progress for LoggedProgress {
    fn enters(&mut self, _at: Duration, phase: &Phase) {
        self.phase = phase.name();
        let what = describe(phase, &self.limits, &self.app);
        tracing::info!(app = %self.app.name, phase = self.phase, "{}: {what}", self.app.name);
        self.publisher.line(&self.app.name, what);
        self.publisher.publish();
    }

    fn waits(&mut self, _at: Duration, waiting: &[String]) {
        if !waiting.is_empty() {
            let line = format!("{}, {}", self.phase, waiting.join(", "));
            self.publisher.line(&self.app.name, line);
            self.publisher.publish();
        }
    }

    fn notes(&mut self, _at: Duration, note: &str) {
        tracing::info!(app = %self.app.name, phase = self.phase, "{}: {note}", self.app.name);
    }
}
