//! The fixed part of a check: its name for programs, and why it matters.

use super::fix::Fix;
use super::{Point, Verdict};
use crate::text::escape;

/// What a point says that only root can see.
pub(super) const NEEDS_ROOT: &str = "needs root";

/// One check of doctor.
pub(super) struct Check {
    pub name: &'static str,
    pub why: &'static str,
}

/// Defines the checks of one file, each with its name and why it matters.
macro_rules! checks {
    ($($vis:vis $id:ident $name:literal: $why:literal;)+) => {
        $($vis const $id: Check = Check { name: $name, why: $why };)+
    };
}
pub(super) use checks;

impl Check {
    /// A point that was seen to be right.
    pub(super) fn ok(&self, found: impl Into<String>) -> Point {
        self.point(Verdict::Ok, found.into(), None)
    }

    /// A point that nothing has shown yet, right or wrong.
    pub(super) fn unseen(&self, found: impl Into<String>) -> Point {
        self.point(Verdict::Unseen, found.into(), None)
    }

    /// A point that works, and may do harm.
    pub(super) fn warning(&self, found: impl Into<String>, fix: impl Into<Fix>) -> Point {
        self.point(Verdict::Warning, found.into(), Some(fix.into()))
    }

    /// A point that does not work, or that users will notice.
    pub(super) fn error(&self, found: impl Into<String>, fix: impl Into<Fix>) -> Point {
        self.point(Verdict::Error, found.into(), Some(fix.into()))
    }

    /// The wrong points, or one point that is ok if there are none.
    pub(super) fn or_ok(
        &self,
        wrong: impl IntoIterator<Item = Point>,
        well: impl Into<String>,
    ) -> Vec<Point> {
        let wrong: Vec<Point> = wrong.into_iter().collect();
        match wrong.is_empty() {
            true => vec![self.ok(well)],
            false => wrong,
        }
    }

    fn point(&self, verdict: Verdict, found: String, fix: Option<Fix>) -> Point {
        Point {
            area: "",
            check: self.name,
            of: String::new(),
            verdict,
            found: line(&found),
            why: self.why,
            fix: fix.map(|fix| fix.map(line)),
        }
    }
}

/// The points as points of this app, balancer or line. A point that already names one keeps it.
pub(super) fn about(of: &str, points: impl IntoIterator<Item = Point>) -> Vec<Point> {
    let one = |point: Point| match point.of.is_empty() {
        true => Point {
            of: line(of),
            ..point
        },
        false => point,
    };
    points.into_iter().map(one).collect()
}

/// Escapes the text and joins its lines: names and messages of other programs may hold codes that
/// a terminal obeys.
fn line(text: &str) -> String {
    escape(&text.trim().replace(['\n', '\r', '\t'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_for_the_terminal_are_escaped() {
        checks! { CHECK "x": "y"; }
        let point = CHECK.error("c\nd\r\n", "e\u{202e}f");
        let point = about("a\x1b[2Jb", [point]).remove(0);
        let shown = [point.of, point.found, point.fix.unwrap().to_string()];
        assert_eq!(shown, ["a\\u{1b}[2Jb", "c d", "e\\u{202e}f"]);
    }
}
