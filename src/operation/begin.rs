//! How an operation begins: what an earlier one left behind, the preflight, and the limits.

use super::{Operation, Report, plan, refused};
use crate::driver::Host;
use crate::gate::Position;
use crate::host::ThisHost;
use crate::journal::{Entry, Journal, found_open};
use crate::lock::Lock;
use crate::restart::{
    Facts, Limits, NoStart, Outcome, Phase, Refusal, Stand, Start, Verb, floor_unseen, preflight,
    serving, start, turns,
};
use crate::state;
use crate::survey::{Asking, Survey};
use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::{Duration, Instant};

/// The first wait of a host that gave way to another, and the longest; each with jitter.
const BACK_OFF: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

const ASTRAY: &str = "a gate is closed already, and nobody asked for that: given up before the \
                      restart, `agent recover` is what opens it";

const NO_SIDECAR: &str = "no sidecar runs on this host (`systemctl start haproxy-gate`): nobody opens \
                          the gates in time but it, or `agent recover` after that";

/// What an earlier operation left behind.
struct Left {
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
        let asked = Instant::now();
        self.settle(host).await?;
        report.before.settling = asked.elapsed();
        let left = self.left(host, report).await;
        let asking = match self.hasty {
            true => Asking::Nobody,
            false => Asking::Anew,
        };
        let survey = host.survey(asking).await;
        report.survey(host.elapsed(), &survey);
        let positions = survey.positions();
        let stand = stand(&positions, held.is_some());
        let left_behind = left
            .entry
            .as_ref()
            .map(|entry| entry.left_behind(left.restarted));
        let start = match start(self.law(), left_behind.as_ref(), stand) {
            Ok(start) => start,
            Err(NoStart::Nothing(why)) => return Err(self.nothing(why, survey.trouble())),
            Err(NoStart::Unfinished(how)) => return Err(self.unfinished(how, host).await),
        };
        let mut facts = survey.facts();
        // Who died after closing the gate may have left HAProxy no time to notice.
        facts.main_closed &= left.entry.is_none();
        let few = self.preflight(&start, &facts, report)?;
        if let (Verb::Restart, Some(held)) = (self.verb, held) {
            let who = held.told();
            let note = format!("the gates are held closed by {who}: this restart opens them");
            report.notices.push(note);
        }
        if self.verb == Verb::Close
            && self.wish.lasts.is_some()
            && Lock::holder(&state::sidecar(self.state_dir())).is_none()
        {
            report.notices.push(NO_SIDECAR.to_owned());
        }
        if stand == Stand::Astray && left.entry.is_none() && start.phase == Phase::Close {
            report.notices.push(ASTRAY.to_owned());
        }
        let now = positions
            .iter()
            .map(|position| *position != Position::Closed);
        host.found_open = found_open(now.collect(), left.entry.as_ref(), left.restarted);
        let limits = self.limits(&start, &facts, host);
        let start = start.within(&limits, few);
        self.go_ahead(&start, &limits, (host, &survey), report)?;
        Ok((start, limits))
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
            return Outcome::Refused(Refusal::Preflight(trouble));
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
            Err(Refusal::TooFewServers(few)) if self.wish.turn.is_some() => {
                report
                    .notices
                    .push(format!("{}: waiting for our turn", few.join("; ")));
                (true, preflight(verb, facts, 0))
            }
            notices => (false, notices),
        };
        report.notices.extend(notices.map_err(Outcome::Refused)?);
        report.notices.extend(start.note.clone());
        Ok(few)
    }

    fn limits(&self, start: &Start, facts: &Facts, host: &ThisHost) -> Limits {
        let limits = &self.app.limits;
        let turn = self.wish.turn.unwrap_or(limits.turn);
        let stops = start.verb == Verb::Stop && !self.stops_in_turn();
        let floor = limits.min_available > 0 && !stops;
        let closes = start.phase == Phase::Close && floor;
        let [first, longest] = BACK_OFF;
        let waits = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(longest);
        Limits {
            found_open: host.found_open.iter().all(|open| *open),
            serving: if closes { serving(facts) } else { Vec::new() },
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
        (host, survey): (&ThisHost, &Survey),
        report: &mut Report,
    ) -> Result<(), Outcome> {
        if self.dry_run {
            report.plan = Some(plan::steps(start, self.app, limits, survey));
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
