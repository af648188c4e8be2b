//! The phase under way, on one or a few rows of a terminal.

use console::{Term, measure_text_width, style, truncate_str};
use std::time::Instant;

/// `web  close      1.2 s of 30s  srvs/web1 is UP 1/2`.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Row {
    /// The app's name.
    pub(in crate::cli) app: String,
    /// The name of the phase.
    pub(in crate::cli) phase: &'static str,
    /// When it began.
    pub(in crate::cli) since: Instant,
    /// Its limit.
    pub(in crate::cli) limit: String,
    /// What it waits for. The first line follows the clock.
    pub(in crate::cli) what: String,
}

impl Row {
    /// The columns before the text of the wait.
    pub(in crate::cli) fn head(&self) -> usize {
        measure_text_width(&self.app) + "  drain       0.0 s of   ".len() + self.limit.len()
    }

    /// The row, with no line wider than the terminal: a wrapped line can't be redrawn.
    pub(super) fn text(&self, columns: usize) -> String {
        let phase = style(format!("{:8}", self.phase)).bold();
        let passed = self.since.elapsed().as_secs_f64();
        let Row {
            app, limit, what, ..
        } = self;
        let text = format!("{app}  {phase} {passed:6.1} s of {limit}  {what}");
        let lines = text.lines().map(|line| truncate_str(line, columns, "…"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// The columns of the terminal now.
pub(in crate::cli) fn columns() -> usize {
    Term::stdout().size().1.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let row = Row {
            app: "shop-checkout-frontend-europe-west".to_owned(),
            phase: "drain",
            since: Instant::now(),
            limit: "1m 30s".to_owned(),
            what: "oldest 1.0 s\n      srvs/web1 has 1 request in flight".to_owned(),
        };
        for columns in [1, 20, 40, 80] {
            let text = row.text(columns);
            let widest = text.lines().map(measure_text_width).max();
            assert!(widest <= Some(columns), "{columns}: {text}");
            assert_eq!(text.lines().count(), 2, "{text}");
        }
        let first = row.text(40).lines().next().map(str::to_owned);
        assert!(first.is_some_and(|line| line.ends_with('…')));
    }
}
