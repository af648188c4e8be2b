//! Prints progress on a terminal. The phase under way is one row, redrawn in place: what it waits
//! for, the time passed and the limit. A line with its seconds replaces it at its end.

use super::super::screen::{self, Row, columns, print_progress};
use super::rows::{oldest_of, rows};
use crate::config::AppSettings;
use crate::operation::{describe, named};
use crate::restart::Progress;
use crate::restart::{Limits, Observation, Phase};
use console::{style, truncate_str};
use std::time::{Duration, Instant};

pub(super) struct Live {
    app: AppSettings,
    limits: Limits,
    oldest: Option<Duration>,
    /// The only balancer, whose name is left out.
    only: Option<String>,
    phase: Option<UnderWay>,
    /// The time of the last look. The operation does not report its end.
    at: Duration,
}

struct UnderWay {
    what: String,
    since: Duration,
    row: Row,
}

impl Live {
    pub(super) fn new(app: &AppSettings, limits: &Limits) -> Live {
        Live {
            app: app.clone(),
            limits: limits.clone(),
            oldest: None,
            only: None,
            phase: None,
            at: Duration::ZERO,
        }
    }

    fn leave(&mut self, at: Duration) {
        if let Some(UnderWay { what, since, row }) = self.phase.take() {
            let took = at.saturating_sub(since).as_secs_f64();
            let line = format!("{}  {:8} {took:6.2} s  {what}", row.app, row.phase);
            // Removes the row first, or it would be drawn once more under the line.
            screen::draw(None);
            print_progress(&format!("{}\n", truncate_str(&line, columns(), "…")));
        }
    }
}

impl Progress for Live {
    fn enters(&mut self, at: Duration, phase: &Phase) {
        self.leave(at);
        let what = describe(phase, &self.limits, &self.app);
        let mut row = Row {
            app: self.app.name.clone(),
            phase: phase.name(),
            since: Instant::now(),
            limit: humantime::format_duration(phase.limit(&self.limits)).to_string(),
            what: String::new(),
        };
        row.what = rows(None, std::slice::from_ref(&what), row.head(), columns());
        screen::draw(Some(row.clone()));
        self.at = at;
        self.phase = Some(UnderWay {
            what,
            since: at,
            row,
        });
    }

    fn waits(&mut self, at: Duration, waiting: &[String]) {
        self.at = at;
        let Some(phase) = self.phase.as_ref().filter(|_| !waiting.is_empty()) else {
            return;
        };
        let short = |what: &String| match &self.only {
            Some(balancer) => what.replace(&format!("{balancer} "), ""),
            None => what.clone(),
        };
        let what = waiting.iter().map(short);
        let what: Vec<String> = what
            .map(|what| named(&what, &self.limits, &self.app))
            .collect();
        let age = oldest_of(waiting, self.oldest);
        screen::draw(Some(Row {
            what: rows(age.as_deref(), &what, phase.row.head(), columns()),
            ..phase.row.clone()
        }));
    }

    /// Prints the note in full. The terminal wraps it.
    fn notes(&mut self, at: Duration, note: &str) {
        self.at = at;
        let label = style(format!("{:8}", "note")).yellow();
        let at = at.as_secs_f64();
        print_progress(&format!(
            "{}  {label} at {at:.1} s: {}\n",
            self.app.name,
            named(note, &self.limits, &self.app)
        ));
    }

    fn sees(&mut self, at: Duration, observation: &Observation) {
        (self.at, self.oldest) = (at, observation.oldest);
        if let [only] = observation.balancers.as_slice() {
            self.only = Some(only.name.clone());
        }
    }

    fn shows_ages(&self) -> bool {
        true
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.leave(self.at);
    }
}
