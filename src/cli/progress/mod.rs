//! How an operation goes: a line per phase, and what it waits for.

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

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// `--json`: the one object in the end is enough.
    Nobody,
    /// `--json --progress`.
    Machine,
    /// People: on a terminal in place, elsewhere line by line.
    People,
}

/// Who tells it.
pub(super) fn of(audience: Audience, app: &AppSettings, limits: &Limits) -> Box<dyn Progress> {
    match audience {
        Audience::Nobody => Box::new(Silent),
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
