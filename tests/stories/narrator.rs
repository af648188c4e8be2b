//! Writes what an operator would read into the story.

use crate::paper::{KILLED, Trace};
use futures_util::FutureExt;
use haproxy_gate::config::AppSettings;
use haproxy_gate::operation::{describe, driver::drive, named};
use haproxy_gate::restart::{Host, Limits, Outcome, Phase, Progress, Start};
use haproxy_gate::state::journal::Journal;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// A wait appears when it changes.
pub struct Narrator {
    pub trace: Trace,
    /// The app, for the description of each phase. None: their names are enough.
    pub described: Option<(AppSettings, Limits)>,
    pub waiting: Vec<String>,
}

impl Narrator {
    pub fn new(trace: &Trace) -> Narrator {
        Narrator {
            trace: trace.clone(),
            described: None,
            waiting: Vec::new(),
        }
    }

    fn named(&self, text: &str) -> String {
        match &self.described {
            Some((app, limits)) => named(text, limits, app),
            None => text.to_owned(),
        }
    }

    /// Only the figures of a watched version have changed.
    fn counts_on(&self, waiting: &[String]) -> bool {
        let words = |waiting: &[String]| {
            waiting
                .concat()
                .replace(|char: char| char.is_ascii_digit(), "")
        };
        self.trace.phase() == "settle" && words(&self.waiting) == words(waiting)
    }
}

impl Progress for Narrator {
    fn enters(&mut self, at: Duration, phase: &Phase) {
        self.trace.enters(phase.name());
        let described = self.described.as_ref();
        let described = described.map(|(app, limits)| describe(phase, limits, app));
        let described = described.map(|what| format!("{}: {what}", phase.name()));
        self.trace
            .says(at, described.as_deref().unwrap_or(phase.name()));
        self.waiting.clear();
    }

    fn waits(&mut self, at: Duration, waiting: &[String]) {
        if self.waiting != waiting && !self.counts_on(waiting) {
            let say = |what: &String| {
                self.trace
                    .says(at, &format!("   waiting: {}", self.named(what)));
            };
            waiting.iter().for_each(say);
            self.waiting = waiting.to_vec();
        }
    }

    fn notes(&mut self, at: Duration, note: &str) {
        self.trace
            .says(at, &format!("   note: {}", self.named(note)));
    }
}

/// Drives an operation to its end. None: it was killed half way.
pub fn runs<H: Host>(
    host: &mut H,
    journal: &mut Journal,
    mut narrator: Narrator,
    start: &Start,
    limits: &Limits,
) -> Option<Outcome> {
    let drive = drive(host, journal, &mut narrator, start, limits);
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.build().unwrap();
    match runtime.block_on(AssertUnwindSafe(drive).catch_unwind()) {
        Ok(timeline) => Some(timeline.outcome),
        Err(panic) if panic.downcast_ref() == Some(&KILLED) => None,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
