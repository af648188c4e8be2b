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
        // The last line is the outcome, so the shares come before it.
        if let Some(shares) = self.shares.filter(|_| !json) {
            say(&format!("{}: {shares}\n", self.app));
        }
        match (self.exit, json) {
            (0, true) => {}
            (0, false) => say(&format!(
                "{}{}{}\n",
                self.planned(),
                self.line(),
                self.in_seconds()
            )),
            _ => self.failed().iter().for_each(|line| complain(line)),
        }
    }

    fn line(&self) -> String {
        format!("{}: {}", self.app, self.message)
    }

    /// The notes are progress once a phase began.
    fn failed(&self) -> Vec<String> {
        let notes = self.notes().filter(|_| self.phases.is_empty());
        notes
            .chain(last_lines(&self.app, &self.reasons, &self.message))
            .collect()
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

/// The message, or each of several reasons of a refusal on a line of its own.
pub(super) fn last_lines(app: &str, reasons: &[String], message: &str) -> Vec<String> {
    match reasons {
        [] | [_] => vec![format!("{app}: {message}")],
        reasons => {
            let reasons = reasons.iter();
            let lines = reasons.map(|reason| format!("{app}: refused: {reason}"));
            lines
                .chain([format!("{app}: nothing was changed")])
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::last_lines;
    use crate::report::Draft;
    use crate::restart::{Outcome, PhaseTime, Reason, Refusal, Verb};

    #[test]
    fn each_of_several_reasons_has_a_line() {
        let reasons = ["lb1: gone", "port 2000 is taken"].map(str::to_owned);
        let message = "refused: lb1: gone; port 2000 is taken; nothing was changed";
        let lines = last_lines("web", &reasons, message);
        let wanted = [
            "web: refused: lb1: gone",
            "web: refused: port 2000 is taken",
            "web: nothing was changed",
        ];
        assert_eq!(lines, wanted);
        assert_eq!(last_lines("web", &reasons[..1], "m"), ["web: m"]);
        assert_eq!(last_lines("web", &[], "m"), ["web: m"]);
    }

    #[test]
    fn the_notes_of_an_operation_that_never_began_are_printed() {
        let few = || Reason::Lasting("srvs has 1 of 2".to_owned());
        for refusal in [
            Refusal::Preflight(vec![few()]),
            Refusal::TooFewServers(vec![few()]),
        ] {
            let mut draft = Draft::new(Verb::Restart, "web");
            draft.notices.push("the app is not healthy".to_owned());
            let outcome = Outcome::Refused(refusal);
            let lines = draft.report(&outcome).failed();
            assert_eq!(lines[0], "web: note: the app is not healthy", "{lines:?}");
            draft.phases.push(PhaseTime {
                phase: "preflight",
                start: 0.0,
                seconds: 0.1,
                acting: 0.1,
                waited_for: Vec::new(),
                output: Vec::new(),
            });
            assert_eq!(draft.report(&outcome).failed(), lines[1..]);
        }
    }
}
