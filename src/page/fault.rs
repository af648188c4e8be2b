//! What is wrong with the page, in one line.

use std::fmt;
use std::path::{Path, PathBuf};

/// The file and the line, what is wrong there, and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    file: PathBuf,
    line: Option<usize>,
    what: String,
}

impl Fault {
    /// Of a whole file.
    pub(super) fn of(file: &Path, what: impl Into<String>) -> Fault {
        Fault {
            file: file.to_owned(),
            line: None,
            what: what.into(),
        }
    }

    /// At this byte of its text.
    pub(super) fn at(file: &Path, text: &str, at: usize, what: impl Into<String>) -> Fault {
        let before = text.as_bytes().iter().take(at);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        Fault {
            line: Some(line),
            ..Fault::of(file, what)
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}", self.what)
    }
}

impl std::error::Error for Fault {}
