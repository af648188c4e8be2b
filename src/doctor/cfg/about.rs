//! What a check is called and why it is made; its points.

use super::server::Server;
use crate::doctor::{Point, Verdict};

/// One check.
#[derive(Debug, Clone, Copy)]
pub struct About {
    pub check: &'static str,
    pub why: &'static str,
}

impl About {
    pub fn ok(&self, of: &str, found: impl AsRef<str>) -> Point {
        self.point(Verdict::Ok, of, found.as_ref(), None)
    }

    pub fn warning(&self, of: &str, found: impl AsRef<str>, mend: impl AsRef<str>) -> Point {
        self.point(Verdict::Warning, of, found.as_ref(), Some(mend.as_ref()))
    }

    pub fn error(&self, of: &str, found: impl AsRef<str>, mend: impl AsRef<str>) -> Point {
        self.point(Verdict::Error, of, found.as_ref(), Some(mend.as_ref()))
    }

    fn point(&self, verdict: Verdict, of: &str, found: &str, mend: Option<&str>) -> Point {
        Point {
            check: self.check,
            of: shown(of),
            verdict,
            found: shown(found),
            why: self.why,
            mend: mend.map(shown),
        }
    }
}

/// A file may hold anything, and this is printed.
pub fn shown(text: &str) -> String {
    let printable = |c: char| if c.is_control() { '?' } else { c };
    text.chars().map(printable).collect()
}

/// `web1, web2, web3 and 4 more`
pub fn names<'a>(servers: impl IntoIterator<Item = &'a Server>) -> String {
    let names: Vec<&str> = servers.into_iter().map(|s| s.name.as_str()).collect();
    let (first, rest) = names.split_at(names.len().min(3));
    match rest.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
