//! Prints the progress of an operation: a line for each phase, and what it waits for.

mod live;
mod machine;
mod plain;
mod rows;

use super::screen;
use crate::config::AppSettings;
use crate::restart::Progress;
use crate::restart::{Limits, Phase};
use live::Live;
use machine::Machine;
use plain::Plain;
use std::time::Duration;

/// Who reads the progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// `--json`: only the object at the end.
    None,
    /// `--json --progress`: a program.
    Machine,
    /// People: a row in place on a terminal, lines elsewhere.
    People,
}

/// The printer for this audience.
pub(super) fn of(audience: Audience, app: &AppSettings, limits: &Limits) -> Box<dyn Progress> {
    match audience {
        Audience::None => Box::new(Silent),
        Audience::Machine => Box::new(Machine::new(app, limits)),
        Audience::People if screen::is_live() => Box::new(Live::new(app, limits)),
        Audience::People => Box::new(Plain::new(app, limits)),
    }
}

struct Silent;

impl Progress for Silent {
    fn enters(&mut self, _at: Duration, _phase: &Phase) {}
    fn waits(&mut self, _at: Duration, _waiting: &[String]) {}
    fn notes(&mut self, _at: Duration, _note: &str) {}
}
