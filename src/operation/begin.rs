//! How an operation begins: what an earlier one left behind, the preflight, and the limits.

use super::looks::Begin;
use super::{OnHold, Operation, plan, refused};
use crate::gate::Position;
use crate::host::Snapshot;
use crate::host::ThisHost;
use crate::report::Report;
use crate::restart::Host;
use crate::restart::{
    Facts, Limits, NoStart, Outcome, Phase, Reason, Refusal, Stand, Start, Verb, claimed,
    floor_unseen, preflight, serving, start, stays_closed, turns,
};
use crate::state::directory;
use crate::state::journal::{Entry, Journal, found_open};
use crate::state::lock::Lock;
use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::{Duration, Instant};

/// The first wait of a host that gave way to another, and the longest; each with jitter.
const BACK_OFF: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

const NO_SIDECAR: &str = "no sidecar runs on this host (`systemctl start haproxy-gate`): nobody opens \
                          the gates in time but it, or `agent recover` after that";

/// What an earlier operation left behind.
pub(super) struct Left {
    entry: Option<Entry>,
    /// Whether the app has been restarted since it began to drain.
    restarted: Option<bool>,
}

impl Operation<'_> {
    /// Looks at everything, decides whether and where to begin, and notes how the gates
    /// were found. Err: nothing was touched.
    pub(super) async fn begin(
        &self,
        host: &mut ThisHost,
        report: &mut Report,
    ) -> Result<(Start, Limits), Outcome> {
        let held = self.held()?;
        report.notices.extend(self.heeds(held.as_ref())?);
        let asked = Instant::now();
        self.settle(host).await?;
        report.before.settling = asked.elapsed();
        let left = self.left(host, report).await;
        if !self.dry_run {
            host.reserve(&self.command(), !self.hasty).await;
        }
        let Begin {
            snapshot,
            stand,
            facts,
            start,
            few,
        } = self.look(host, report, (&left, held.is_some())).await?;
        if !self.refuses_threats() {
            report.notices.extend(snapshot.threats());
        }
        report.notices.extend(snapshot.unreserved());
        self.beside(&start, host, report).await?;
        if self.verb == Verb::Restart {
            report
                .notices
                .extend(snapshot.restart.iter().flatten().cloned());
        }
        if self.verb == Verb::Close
            && self.options.lasts.is_some()
            && Lock::holder(&directory::sidecar(self.state_dir())).is_none()
        {
            report.notices.push(NO_SIDECAR.to_owned());
        }
        if stand == Stand::Astray && left.entry.is_none() && start.phase == Phase::Close {
            report.notices.push(self.astray());
        }
        let now = snapshot
            .positions()
            .into_iter()
            .map(|position| position != Position::Closed);
        host.found_open = found_open(now.collect(), left.entry.as_ref(), left.restarted);
        let left_closed = left.entry.as_ref().is_some_and(|entry| entry.stays_closed);
        let stay = self.options.on_hold == OnHold::StayClosed;
        let stays_closed = stays_closed(self.law(), stay, left_closed, stand);
        if stays_closed {
            host.found_open.fill(false);
        }
        let limits = Limits {
            stays_closed,
            ..self.limits(&start, &facts, host)
        };
        let start = start.within(&limits, few);
        self.go_ahead(&start, &limits, (host, &snapshot), report)?;
        Ok((start, limits))
    }

    /// A process that may answer the checks at any moment keeps it from beginning; nothing may keep
    /// a host that goes down from closing.
    fn refuses_threats(&self) -> bool {
        matches!(self.law(), Verb::Restart | Verb::Close)
    }

    /// Whether and where to begin, by one look at everything.
    pub(super) async fn judge(
        &self,
        snapshot: Snapshot,
        (left, held): (&Left, bool),
        (host, report): (&mut ThisHost, &mut Report),
    ) -> Result<Begin, Outcome> {
        let stand = stand(&snapshot.positions(), held);
        let left_behind = left
            .entry
            .as_ref()
            .map(|entry| entry.left_behind(left.restarted));
        let start = match start(self.law(), left_behind.as_ref(), stand) {
            Ok(start) => start,
            Err(NoStart::Nothing(why)) => return Err(self.nothing(why, snapshot.trouble())),
            Err(NoStart::Unfinished(how)) => return Err(self.unfinished(how, host).await),
        };
        let mut facts = snapshot.facts();
        // Who died after closing the gate may have left HAProxy no time to notice.
        facts.main_closed &= left.entry.is_none();
        if self.refuses_threats() {
            facts.gates.extend(snapshot.threats());
        }
        let few = self.preflight(&start, &facts, report)?;
        Ok(Begin {
            snapshot,
            stand,
            facts,
            start,
            few,
        })
    }

    async fn left(&self, host: &ThisHost, report: &mut Report) -> Left {
        let entry = match Journal::left_behind(self.state_dir(), &self.app.name) {
            Ok(entry) => entry,
            Err(torn) => {
                report
                    .notices
                    .push(format!("{torn}: going by the kernel and HAProxy"));
                None
            }
        };
        let Some(entry) = entry else {
            return Left {
                entry: None,
                restarted: None,
            };
        };
        report.notices.push(entry.cut_short());
        report.cut_short = self.cut_short(&entry);
        let asks = entry.restarting && entry.phase == Phase::Restart;
        let restarted = match asks {
            true => host.restarted(&entry).await,
            false => None,
        };
        Left {
            entry: Some(entry),
            restarted,
        }
    }

    /// Waits, where a restart that was begun before is still under way: whoever opens over it
    /// believes the old app's health.
    async fn settle(&self, host: &ThisHost) -> Result<(), Outcome> {
        if self.dry_run || matches!(self.verb, Verb::Close | Verb::Stop) {
            return Ok(());
        }
        tokio::select! {
            settled = host.settle() => settled.map_err(refused),
            signal = host.stopped() => Err(untouched(signal)),
        }
    }

    /// What an operation left behind, and needs nothing any more, goes.
    fn nothing(&self, why: String, trouble: Vec<String>) -> Outcome {
        if !trouble.is_empty() {
            let reasons = trouble.into_iter().map(Reason::Lasting).collect();
            return Outcome::Refused(Refusal::Preflight(reasons));
        }
        if !self.dry_run
            && let Err(error) = Journal::forget(self.state_dir(), &self.app.name)
        {
            tracing::warn!(%error, "the journal stays");
        }
        Outcome::Nothing(why)
    }

    /// What does not begin by closing is judged like `recover`. Ok: whether there are too few
    /// others now, and this host's turn is waited for.
    fn preflight(
        &self,
        start: &Start,
        facts: &Facts,
        report: &mut Report,
    ) -> Result<bool, Outcome> {
        let verb = match (self.verb, &start.phase) {
            (Verb::Open, _) | (_, Phase::Close) => self.law(),
            _ => Verb::Recover,
        };
        if self.stops_in_turn()
            && let Some(refusal) = floor_unseen(facts)
        {
            return Err(Outcome::Refused(refusal));
        }
        let (few, notices) = match preflight(verb, facts, self.app.limits.min_available) {
            Err(few @ Refusal::TooFewServers(_)) if self.options.turn.is_some() => {
                let waiting = format!("{few}: waiting for our turn");
                let notices = preflight(verb, facts, 0);
                (
                    true,
                    notices.map(|notices| [vec![waiting], notices].concat()),
                )
            }
            notices => (false, notices),
        };
        report.notices.extend(notices.map_err(Outcome::Refused)?);
        report.notices.extend(start.note.clone());
        Ok(few)
    }

    fn limits(&self, start: &Start, facts: &Facts, host: &ThisHost) -> Limits {
        let limits = &self.app.limits;
        let turn = self.options.turn.unwrap_or(limits.turn);
        let min_available = match start.verb {
            // Nobody's turn is waited for by a host that goes down at once.
            Verb::Stop if !self.stops_in_turn() => 0,
            _ => limits.min_available,
        };
        let [first, longest] = BACK_OFF;
        let waits = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(longest);
        Limits {
            found_open: host.found_open.iter().all(|open| *open),
            serving: serving(facts),
            claimed_before: claimed(facts),
            min_available,
            upgrades: self.app.upgrade.is_some(),
            rolls_back: self.app.rollback.is_some(),
            turns: turns(waits.with_jitter().without_max_times().build(), turn),
            turn,
            ..limits.clone()
        }
    }

    /// The last moment to leave.
    fn go_ahead(
        &self,
        start: &Start,
        limits: &Limits,
        (host, snapshot): (&ThisHost, &Snapshot),
        report: &mut Report,
    ) -> Result<(), Outcome> {
        if self.dry_run {
            report.plan = Some(plan::steps(start, self.app, limits, snapshot));
            return Err(Outcome::Planned);
        }
        match host.interrupted() {
            // A host that goes down closes first.
            Some(signal) if self.law() != Verb::Stop => Err(untouched(signal)),
            _ => Ok(()),
        }
    }
}

fn stand(positions: &[Position], held: bool) -> Stand {
    let all_open = positions.iter().all(|position| *position == Position::Open);
    match (all_open, held) {
        // Also where somebody else has opened them.
        (_, true) => Stand::Held,
        (true, false) => Stand::Open,
        (false, false) => Stand::Astray,
    }
}

pub(super) fn untouched(signal: i32) -> Outcome {
    Outcome::Interrupted {
        signal,
        left: "nothing was changed".to_owned(),
    }
}
