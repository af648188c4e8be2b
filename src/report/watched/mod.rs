//! Watches an operation. It notes each look that the driver takes, and thins them as the operation
//! goes on: there are never more than [`MOST`] instants.

mod look;

use self::look::{LineLook, Look};
use super::detection::Detecting;
use super::samples::{BalancerSamples, LineSamples, Samples};
use crate::haproxy::{BalancerObservation, both};
use crate::restart::Progress;
use crate::restart::seconds;
use crate::restart::{Observation, Phase};
use std::time::Duration;

/// The most instants of one operation.
pub(crate) const MOST: usize = 400;

/// What was watched so far.
#[derive(Debug, Default)]
pub struct Watching {
    kept: Vec<Instant>,
    /// The last look, if it is not kept. It is kept if it stays the last.
    latest: Option<Instant>,
    /// The time between two kept looks without a change.
    every: Duration,
    /// How HAProxy detects the gates that move.
    pub detecting: Detecting,
}

/// One look.
#[derive(Debug, Clone, PartialEq)]
struct Instant {
    at: Duration,
    /// A line has another status than before, or another worker answers.
    change: bool,
    /// Empty: no balancer was asked.
    looks: Vec<Look>,
}

impl Watching {
    /// Adds what all balancers showed at one moment; an empty list means that none was asked.
    pub fn look(&mut self, at: Duration, balancers: &[BalancerObservation]) {
        let last = self.latest.as_ref().or(self.kept.last());
        let looks = balancers.iter().map(Look::from).collect::<Vec<_>>();
        let change = last.is_none_or(|last| changed(&last.looks, &looks));
        if balancers.is_empty() && !change {
            return;
        }
        let kept = self.kept.last().map_or(Duration::ZERO, |kept| kept.at);
        let due = at.saturating_sub(kept) >= self.every;
        let latest = self.latest.take();
        // Keep what was in flight before a gap.
        if looks.is_empty() {
            self.kept.extend(latest);
        }
        let instant = Instant { at, change, looks };
        match change || due {
            true => self.kept.push(instant),
            false => self.latest = Some(instant),
        }
        if self.kept.len() > MOST {
            self.thin();
        }
    }

    /// No balancer is asked from now on, until the next look.
    pub fn gap(&mut self, at: Duration) {
        if !self.kept.is_empty() {
            self.look(at, &[]);
        }
    }

    /// Removes half of them. Changes go only if there are too many of them.
    fn thin(&mut self) {
        let span = self.kept.last().map_or(Duration::ZERO, |last| last.at);
        self.every = (span / (MOST as u32 / 4)).max(self.every);
        for spares_changes in [true, false] {
            let every = self.every;
            let mut before = None;
            self.kept.retain(|instant| {
                let due = before.is_none_or(|before| instant.at >= before + every);
                let kept = due || (spares_changes && instant.change);
                before = if due { Some(instant.at) } else { before };
                kept
            });
            if self.kept.len() <= MOST * 3 / 4 {
                return;
            }
        }
    }

    /// In the form for the history; None: nothing was seen.
    pub fn samples(&self) -> Option<Samples> {
        let instants: Vec<&Instant> = self.kept.iter().chain(&self.latest).collect();
        let balancers = instants.iter().find(|instant| !instant.looks.is_empty())?;
        let columns = |number| balancer(&instants, number);
        Some(Samples {
            at: instants
                .iter()
                .map(|instant| (seconds(instant.at) * 1e4).round() / 1e4)
                .collect(),
            balancers: (0..balancers.looks.len()).map(columns).collect(),
        })
    }
}

fn changed(before: &[Look], now: &[Look]) -> bool {
    let mut pairs = before.iter().zip(now);
    before.len() != now.len() || pairs.any(|(before, now)| now.is_change(before))
}

fn balancer(instants: &[&Instant], number: usize) -> BalancerSamples {
    let looks = || instants.iter().map(|instant| instant.looks.get(number));
    let mut samples = BalancerSamples::default();
    for (place, look) in looks().enumerate() {
        let Some(look) = look else { continue };
        samples.name.clone_from(&look.name);
        if look.reloaded {
            samples.anew.push(place);
        }
        match &look.lines {
            Err(why) => unseen(&mut samples.unseen, place, why),
            Ok(lines) => {
                let known = |line: &LineLook| samples.lines.iter().any(|one| one.name == line.name);
                let new: Vec<_> = lines.iter().filter(|line| !known(line)).collect();
                let new = new.into_iter().map(|line| column(line, looks()));
                samples.lines.extend(new);
            }
        }
    }
    samples
}

/// A balancer could not be seen from here to the next look. A stretch lasts as long as its reason.
fn unseen(stretches: &mut Vec<(usize, usize, String)>, place: usize, why: &str) {
    match stretches.last_mut() {
        Some((_, to, reason)) if *to == place && reason == why => *to = place + 1,
        _ => stretches.push((place, place + 1, why.to_owned())),
    }
}

fn column<'a>(line: &LineLook, looks: impl Iterator<Item = Option<&'a Look>>) -> LineSamples {
    let role = serde_json::json!(line.role);
    let mut column = LineSamples {
        name: line.name.clone(),
        role: role.as_str().unwrap_or_default().to_owned(),
        ..LineSamples::default()
    };
    for (place, look) in looks.enumerate() {
        let lines = look.and_then(|look| look.lines.as_ref().ok());
        let now = lines.and_then(|lines| lines.iter().find(|one| one.name == line.name));
        let status = now.map(|now| now.status.to_string());
        let before = column.status.last().map(|(_, before)| before);
        if before.map_or(status.is_some(), |before| *before != status) {
            column.status.push((place, status));
        }
        column.in_flight.push(now.map(|now| now.in_flight));
        column.sessions.push(now.map(|now| now.sessions));
    }
    column
}

/// Passes the progress on, and notes each look.
pub struct Watched<'a> {
    /// The progress of the operation.
    pub progress: Box<dyn Progress>,
    /// The notes.
    pub watching: &'a mut Watching,
}

impl Progress for Watched<'_> {
    fn enters(&mut self, at: Duration, phase: &Phase) {
        if phase.touches_app() || phase.waits_for_app() {
            self.watching.gap(at);
        }
        self.watching.detecting.enters(phase);
        self.progress.enters(at, phase);
    }

    fn waits(&mut self, at: Duration, waiting: &[String]) {
        self.progress.waits(at, waiting);
    }

    fn notes(&mut self, at: Duration, note: &str) {
        self.progress.notes(at, note);
    }

    fn sees(&mut self, at: Duration, observation: &Observation) {
        self.watching.detecting.sees(at, observation);
        match observation.balancers.is_empty() {
            true => self.watching.gap(at),
            false => {
                let all = both(&observation.balancers, &observation.other);
                self.watching.look(at, &all);
            }
        }
        self.progress.sees(at, observation);
    }

    fn shows_ages(&self) -> bool {
        self.progress.shows_ages()
    }
}

#[cfg(test)]
mod tests;
