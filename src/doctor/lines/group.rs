//! Lines with the same fault: one point names them all.

use super::line::Line;
use crate::doctor::Point;
use std::fmt;

/// So many names are written out: an operator corrects a whole fleet at once.
const NAMES: usize = 20;
/// So many different faults of one kind have points of their own. More than that have one cause.
const FAULTS: usize = 5;

/// Some lines of a backend, in their order.
#[derive(Debug)]
pub(super) struct Lines<'a>(Vec<&'a Line>);

/// The faults of one kind.
pub(super) struct Faults<'a, F> {
    /// Each once, with its lines.
    first: Vec<(F, Lines<'a>)>,
    /// The lines with other faults than these.
    rest: Lines<'a>,
}

pub(super) fn by_fault<F: PartialEq>(
    lines: &[Line],
    fault: impl Fn(&Line) -> Option<F>,
) -> Faults<'_, F> {
    let (mut first, mut rest): (Vec<(F, Lines<'_>)>, Vec<&Line>) = Default::default();
    for line in lines {
        let Some(fault) = fault(line) else { continue };
        match first.iter().position(|(known, _)| *known == fault) {
            Some(at) => first[at].1.0.push(line),
            None if first.len() < FAULTS => first.push((fault, Lines(vec![line]))),
            None => rest.push(line),
        }
    }
    let rest = Lines(rest);
    Faults { first, rest }
}

impl<F> Faults<'_, F> {
    /// One point for each of the first faults, and one for all the rest.
    pub(super) fn points(
        &self,
        point: impl Fn(&F, &Lines<'_>) -> Point,
        rest: impl Fn(&Lines<'_>) -> Point,
    ) -> Vec<Point> {
        let first = self.first.iter().map(|(fault, lines)| point(fault, lines));
        let rest = (!self.rest.0.is_empty()).then(|| rest(&self.rest));
        first.chain(rest).collect()
    }
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
