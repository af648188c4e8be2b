//! Lines with the same fault: one point names them all.

use super::line::Line;
use std::fmt;

/// So many names are written out: an operator corrects a whole fleet at once.
const NAMES: usize = 20;
/// So many different faults of one kind. More than that have one cause.
const FAULTS: usize = 5;

/// Some lines of a backend, in their order.
#[derive(Debug)]
pub(super) struct Lines<'a>(Vec<&'a Line>);

/// Each fault once, with its lines.
pub(super) fn by_fault<F: PartialEq>(
    lines: &[Line],
    fault: impl Fn(&Line) -> Option<F>,
) -> Vec<(F, Lines<'_>)> {
    let mut all: Vec<(F, Lines<'_>)> = Vec::new();
    for line in lines {
        let Some(fault) = fault(line) else { continue };
        match all.iter().position(|(known, _)| *known == fault) {
            Some(at) => all[at].1.0.push(line),
            None if all.len() < FAULTS => all.push((fault, Lines(vec![line]))),
            None => {}
        }
    }
    all
}

impl Lines<'_> {
    pub(super) fn is_alone(&self) -> bool {
        self.0.len() == 1
    }

    pub(super) fn are_all(&self, lines: &[Line]) -> bool {
        self.0.len() == lines.len()
    }

    /// The place of a fix.
    pub(super) fn on(&self) -> String {
        match self.0.as_slice() {
            [line] => format!("on the line of {}", line.name),
            _ => "on each of these lines".to_owned(),
        }
    }

    /// The address with the app's port, as a server line has it.
    pub(super) fn address(&self, port: u16) -> String {
        match self.0.as_slice() {
            [line] => line.written.0.clone(),
            _ => format!("ADDRESS:{port}"),
        }
    }
}

/// `web1, web2, web3`
impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|line| line.name.as_str()).collect();
        let (first, rest) = names.split_at(names.len().min(NAMES));
        f.write_str(&first.join(", "))?;
        match rest.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
