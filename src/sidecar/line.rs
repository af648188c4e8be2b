//! The status line of one app, and its problems in the log.

use super::checks::Checks;
use super::reconciler::Reconciler;
use crate::state::journal::Entry;

impl Reconciler {
    /// "open, UP on 2 of 2 balancers"
    pub(super) fn in_rotation(&self) -> String {
        let rotation = self.rotation.borrow();
        let up = rotation.observed.iter().filter(|one| one.all_up());
        let (up, all) = (up.count(), rotation.observed.len());
        let plural = if all == 1 { "" } else { "s" };
        let target = self.app.target.iter().map(|target| format!("{target} is "));
        let mut line = target.collect::<String>();
        line += &format!("open, UP on {up} of {all} balancer{plural}");
        for why in &self.unreserved {
            line += &format!(", {why}");
        }
        line
    }

    /// Leaves the gates to an operation of another process.
    pub(super) fn stand_back(&mut self, owner: &str, entry: Option<Entry>) {
        (self.open, self.checks) = (false, Checks::default());
        let phase = entry.map(|entry| format!(", phase {}", entry.phase.name()));
        let line = format!("left to {owner}{}", phase.unwrap_or_default());
        self.publisher.line(&self.app.name, line);
    }

    /// Logs a new problem, and not its repetitions.
    pub(super) fn in_the_way(&mut self, why: String) {
        let app = &self.app.name;
        self.publisher.line(app, why.clone());
        if self.trouble.as_ref() != Some(&why) {
            tracing::warn!(%app, "{app}: {why}");
            self.trouble = Some(why);
        }
    }

    pub(super) fn out_of_the_way(&mut self) {
        if self.trouble.take().is_some() {
            let app = &self.app.name;
            tracing::info!(%app, "{app}: the problem is over");
        }
    }
}
