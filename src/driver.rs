//! Observe, decide, record, act: the loop around the pure core.

use crate::journal::Journal;
use crate::restart::{
    Acted, Action, BalancerSeen, Limits, Outcome, Phase, Seen, Step, Verb, decide,
};
use serde::Serialize;
use std::time::Duration;

/// The world, as far as an operation needs it. The only seam: the live host, and the
/// scripted ones of the tests.
#[allow(async_fn_in_trait)]
pub trait Host {
    /// Time since the operation began.
    fn elapsed(&self) -> Duration;
    /// SIGINT, SIGTERM or SIGHUP has come, by its number.
    fn interrupted(&self) -> Option<i32>;
    /// Asks every balancer for our lines.
    async fn balancers(&mut self) -> Vec<BalancerSeen>;
    /// Asks the app whether it is healthy.
    async fn health(&mut self) -> Result<(), String>;
    /// Which instance of the app runs.
    async fn instance(&mut self) -> Option<String>;
    /// Does it, once.
    async fn act(&mut self, action: Action) -> Acted;
    /// Waits until the next look of this phase.
    async fn pause(&mut self, phase: &Phase);
}

/// Who is told how it goes.
pub trait Progress {
    /// A phase begins, at this time since the operation began.
    fn enters(&mut self, at: Duration, phase: &Phase);
    /// What is waited for now; may come with every look.
    fn waits(&mut self, at: Duration, waiting: &[String]);
    /// Something the operator should know.
    fn notes(&mut self, at: Duration, note: &str);
}

/// What one phase took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseRecord {
    /// Its name.
    pub phase: &'static str,
    /// Seconds from the operation's begin, to the microsecond.
    pub start: f64,
    /// Seconds it took, to the microsecond.
    pub seconds: f64,
    /// What it waited for, at the last look that had to wait.
    pub waited_for: Vec<String>,
}

/// What an operation did.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// How it ended.
    pub outcome: Outcome,
    /// Its phases, in order.
    pub phases: Vec<PhaseRecord>,
    /// What was told on the way.
    pub notes: Vec<String>,
    /// The last look at the balancers.
    pub balancers: Vec<BalancerSeen>,
}

/// The first phase of an operation.
pub fn first_phase(verb: Verb) -> Phase {
    match verb {
        Verb::Restart | Verb::Close => Phase::Close,
        Verb::Open => Phase::Healthy { streak: 0 },
    }
}

/// Runs an operation from `phase` to its end. The journal says `phase` already.
pub async fn drive(
    host: &mut impl Host,
    journal: &mut Journal,
    progress: &mut dyn Progress,
    (verb, mut phase, limits): (Verb, Phase, &Limits),
) -> Record {
    let mut record = Record {
        outcome: Outcome::Planned,
        phases: Vec::new(),
        notes: Vec::new(),
        balancers: Vec::new(),
    };
    let mut entered = host.elapsed();
    let mut acted = enter(host, progress, &mut record, &phase, limits).await;
    let mut acknowledged = false;
    loop {
        let seen = look(host, &phase, entered, &acted).await;
        if phase.asks_balancers() {
            record.balancers.clone_from(&seen.balancers);
        }
        match decide(verb, &phase, &seen, limits) {
            Step::Stay {
                phase: same,
                waiting,
                again,
            } => {
                phase = same;
                if seen.interrupted.is_some() && !std::mem::replace(&mut acknowledged, true) {
                    let note = "interrupted: what keeps the host safe is finished first".to_owned();
                    record.note(Some(note), host.elapsed(), progress);
                }
                progress.waits(host.elapsed(), &waiting);
                record.waits(waiting);
                host.pause(&phase).await;
                if again && let Some(action) = phase.action(limits) {
                    acted = host.act(action).await;
                }
            }
            Step::Go { to, note } => {
                record.leaves(host.elapsed());
                record.note(note, host.elapsed(), progress);
                // Not on entering Restart: asking may take seconds, and the verdict would be old.
                let instance = match to {
                    Phase::Drain { .. } if verb == Verb::Restart => host.instance().await,
                    _ => None,
                };
                if let Err(error) = journal.enter(&to, instance) {
                    tracing::warn!(phase = to.name(), %error, "the journal can't be written");
                }
                (phase, entered) = (to, host.elapsed());
                acted = enter(host, progress, &mut record, &phase, limits).await;
            }
            Step::End(outcome) => {
                record.leaves(host.elapsed());
                if let Outcome::Done { note } = &outcome {
                    record.note(note.clone(), host.elapsed(), progress);
                }
                record.outcome = outcome;
                return record;
            }
        }
    }
}

async fn enter(
    host: &mut impl Host,
    progress: &mut dyn Progress,
    record: &mut Record,
    phase: &Phase,
    limits: &Limits,
) -> Acted {
    record.enters(host.elapsed(), phase);
    progress.enters(host.elapsed(), phase);
    match phase.action(limits) {
        Some(action) => host.act(action).await,
        None => Acted::Done,
    }
}

async fn look(host: &mut impl Host, phase: &Phase, entered: Duration, acted: &Acted) -> Seen {
    let balancers = match phase.asks_balancers() {
        true => host.balancers().await,
        false => Vec::new(),
    };
    let health = match phase.asks_app() {
        true => Some(host.health().await),
        false => None,
    };
    Seen {
        in_phase: host.elapsed().saturating_sub(entered),
        acted: acted.clone(),
        interrupted: host.interrupted(),
        balancers,
        health,
    }
}

impl Record {
    fn enters(&mut self, at: Duration, phase: &Phase) {
        let (phase, start) = (phase.name(), seconds(at));
        self.phases.push(PhaseRecord {
            phase,
            start,
            seconds: 0.0,
            waited_for: Vec::new(),
        });
    }

    fn waits(&mut self, waiting: Vec<String>) {
        if let Some(phase) = self.phases.last_mut().filter(|_| !waiting.is_empty()) {
            phase.waited_for = waiting;
        }
    }

    fn leaves(&mut self, at: Duration) {
        if let Some(phase) = self.phases.last_mut() {
            let start = Duration::from_secs_f64(phase.start);
            phase.seconds = seconds(at.saturating_sub(start));
        }
    }

    fn note(&mut self, note: Option<String>, at: Duration, progress: &mut dyn Progress) {
        if let Some(note) = note {
            progress.notes(at, &note);
            self.notes.push(note);
        }
    }
}

/// Seconds to the microsecond: no clock here tells more.
pub fn seconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e6
}
