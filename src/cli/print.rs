//! Prints the result of one operation: a last line for people, or one JSON object.

use super::screen::{self, complain, say};
use crate::report::Report;

impl Report {
    /// Prints JSON, or the plan and the last line.
    pub(super) fn print(&self, json: bool) {
        if json {
            say(&format!("{}\n", serde_json::json!(self)));
        }
        self.print_text(json);
    }

    /// Prints the plan and the last line for people. With JSON it prints only an error.
    pub(super) fn print_text(&self, json: bool) {
        let line = format!("{}: {}", self.app, self.message);
        // The last line is the outcome, so the shares come before it.
        if let Some(shares) = self.shares.filter(|_| !json) {
            say(&format!("{}: {shares}\n", self.app));
        }
        match (self.exit, json) {
            (0, true) => {}
            (0, false) => say(&format!("{}{line}{}\n", self.planned(), self.in_seconds())),
            _ => {
                // An operation that began has shown them as its progress.
                if self.outcome == "refused" {
                    self.notes().for_each(|note| complain(&note));
                }
                complain(&line);
            }
        }
    }

    fn notes(&self) -> impl Iterator<Item = String> {
        let notices = self.notices.iter();
        notices.map(|notice| format!("{}: note: {notice}", self.app))
    }

    fn planned(&self) -> String {
        let Some(plan) = &self.plan else {
            return String::new();
        };
        let notes = self.notes().map(|note| format!("{note}\n"));
        notes
            .chain(plan.iter().map(|line| format!("{line}\n")))
            .collect()
    }

    /// ", in 3.1 s (close 0.6, drain 0.1, ...)". A terminal already has a line for each phase.
    fn in_seconds(&self) -> String {
        if self.phases.is_empty() {
            return String::new();
        }
        if screen::is_live() {
            return format!(", in {:.2} s", self.seconds);
        }
        let phases = self.phases.iter().filter(|phase| phase.seconds >= 0.005);
        let phases: Vec<String> = phases
            .map(|p| format!("{} {:.2}", p.phase, p.seconds))
            .collect();
        format!(", in {:.2} s ({})", self.seconds, phases.join(", "))
    }
}
