//! The fixed part of a check: its name for machines, and why it matters.

use super::{Point, Verdict};
use crate::text::escape;

/// One of the doctor's checks.
pub(super) struct Check {
    pub name: &'static str,
    pub why: &'static str,
}

impl Check {
    /// All is well with `of`.
    pub fn ok(&self, of: &str, found: impl Into<String>) -> Point {
        self.point(Verdict::Ok, of, found.into(), None)
    }

    /// It works, and may bite.
    pub fn warning(&self, of: &str, found: impl Into<String>, mend: impl Into<String>) -> Point {
        self.point(Verdict::Warning, of, found.into(), Some(mend.into()))
    }

    /// It does not work, or users will notice.
    pub fn error(&self, of: &str, found: impl Into<String>, mend: impl Into<String>) -> Point {
        self.point(Verdict::Error, of, found.into(), Some(mend.into()))
    }

    fn point(&self, verdict: Verdict, of: &str, found: String, mend: Option<String>) -> Point {
        Point {
            check: self.name,
            of: line(of),
            verdict,
            found: line(&found),
            why: self.why,
            mend: mend.as_deref().map(line),
        }
    }
}

/// Names and messages of others' may hold what a terminal obeys. Lines become one.
fn line(text: &str) -> String {
    escape(&text.trim().replace(['\n', '\r', '\t'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_passed_on() {
        let check = Check {
            name: "x",
            why: "y",
        };
        let point = check.error("a\x1b[2Jb", "c\nd\r\n", "e\u{202e}f");
        assert_eq!(
            (
                point.of.as_str(),
                point.found.as_str(),
                point.mend.as_deref()
            ),
            ("a\\u{1b}[2Jb", "c d", Some("e\\u{202e}f"))
        );
    }
}
