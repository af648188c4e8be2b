//! Observe, decide, journal, act: the loop around the pure core.

use crate::journal::Journal;
use crate::record::Record;
use crate::restart::{
    Acted, Action, BalancerSeen, Limits, Outcome, Phase, Seen, Step, Verb, decide,
};
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

/// The first phase of an operation.
pub fn first_phase(verb: Verb) -> Phase {
    match verb {
        Verb::Restart | Verb::Close => Phase::Close,
        Verb::Open => Phase::Healthy { streak: 0 },
    }
}

/// Runs an operation from `phase` to its end. The journal says `phase` already.
pub async fn drive<H: Host>(
    host: &mut H,
    journal: &mut Journal,
    progress: &mut dyn Progress,
    (verb, phase, limits): (Verb, Phase, &Limits),
) -> Record {
    let mut drive = Drive {
        entered: host.elapsed(),
        host,
        journal,
        progress,
        verb,
        limits,
        phase,
        acted: Acted::Done,
        acknowledged: false,
        record: Record::default(),
    };
    drive.enter().await;
    loop {
        let seen = drive.look().await;
        match decide(verb, &drive.phase, &seen, limits) {
            Step::Stay {
                phase,
                waiting,
                again,
            } => drive.stay(phase, waiting, again, &seen).await,
            Step::Go { to, note } => drive.go(to, note).await,
            Step::End(outcome) => return drive.end(outcome),
        }
    }
}

/// An operation under way.
struct Drive<'a, H> {
    host: &'a mut H,
    journal: &'a mut Journal,
    progress: &'a mut dyn Progress,
    verb: Verb,
    limits: &'a Limits,
    phase: Phase,
    /// When the phase began.
    entered: Duration,
    /// How its action ended, the last time it was done.
    acted: Acted,
    /// The operator was told that a signal has come.
    acknowledged: bool,
    record: Record,
}

impl<H: Host> Drive<'_, H> {
    async fn enter(&mut self) {
        let at = self.host.elapsed();
        self.record.enters(at, &self.phase);
        self.progress.enters(at, &self.phase);
        tracing::info!(phase = self.phase.name(), action = ?self.phase.action(self.limits));
        self.acted = Acted::Done;
        self.act().await;
    }

    async fn act(&mut self) {
        if let Some(action) = self.phase.action(self.limits) {
            self.acted = self.host.act(action).await;
        }
    }

    async fn look(&mut self) -> Seen {
        let balancers = match self.phase.asks_balancers() {
            true => self.host.balancers().await,
            false => Vec::new(),
        };
        let health = match self.phase.asks_app() {
            true => Some(self.host.health().await),
            false => None,
        };
        if self.phase.asks_balancers() {
            self.record.balancers.clone_from(&balancers);
        }
        Seen {
            in_phase: self.host.elapsed().saturating_sub(self.entered),
            acted: self.acted.clone(),
            interrupted: self.host.interrupted(),
            balancers,
            health,
        }
    }

    async fn stay(&mut self, phase: Phase, waiting: Vec<String>, again: bool, seen: &Seen) {
        self.phase = phase;
        if seen.interrupted.is_some() && !std::mem::replace(&mut self.acknowledged, true) {
            self.note("interrupted: what keeps the host safe is finished first".to_owned());
        }
        self.progress.waits(self.host.elapsed(), &waiting);
        self.record.waits(waiting);
        self.host.pause(&self.phase).await;
        if again {
            self.act().await;
        }
    }

    /// The next phase: recorded first, then acted on.
    async fn go(&mut self, to: Phase, note: Option<String>) {
        self.record.leaves(self.host.elapsed());
        note.into_iter().for_each(|note| self.note(note));
        // Not on entering Restart: asking may take seconds, and the verdict would be old.
        let instance = match to {
            Phase::Drain { .. } if self.verb == Verb::Restart => self.host.instance().await,
            _ => None,
        };
        if let Err(error) = self.journal.enter(&to, instance) {
            tracing::warn!(phase = to.name(), %error, "the journal can't be written");
        }
        (self.phase, self.entered) = (to, self.host.elapsed());
        self.enter().await;
    }

    fn end(mut self, outcome: Outcome) -> Record {
        self.record.leaves(self.host.elapsed());
        if let Outcome::Done { note: Some(note) } = &outcome {
            self.note(note.clone());
        }
        Record {
            outcome,
            ..self.record
        }
    }

    fn note(&mut self, note: String) {
        self.progress.notes(self.host.elapsed(), &note);
        self.record.notes.push(note);
    }
}
