//! The preflight of a switch: everything that can refuse it, before anything is changed.

use super::looks::Seen;
use super::pair::Pair;
use super::plan;
use super::room::has_room;
use crate::host::TwoHosts;
use crate::operation::Operation;
use crate::operation::go::{Begin, Go, Preflight, or_refuse, refusal};
use crate::report::Draft;
use crate::restart::switch::{How, Part, Switching};
use crate::restart::{Host, Limits, Reason, Refusal, Verb, taken_down};
use std::ops::ControlFlow::{Break, Continue};
use std::time::Instant;

impl Operation<'_> {
    /// Decides whether the switch begins, and where.
    pub(super) async fn begin_switch(
        &self,
        two: &mut TwoHosts,
        pair: &Pair,
        draft: &mut Draft,
    ) -> Begin {
        match self.switch_preflight(two, pair, draft).await {
            Continue(go) => Begin::Go(Box::new(go)),
            Break(begin) => begin,
        }
    }

    /// In the order of the preflight of a restart.
    async fn switch_preflight(
        &self,
        two: &mut TwoHosts,
        pair: &Pair,
        draft: &mut Draft,
    ) -> Preflight<Go> {
        self.agrees_with_sidecar(&two.old, draft).await?;
        let held = self.held()?;
        draft.notices.extend(self.heeds(held.as_ref())?);
        self.settle_both(two, draft).await?;
        let earlier = self.earlier(&two.old, draft).await;
        self.reserve(&mut two.old).await;
        self.reserve(&mut two.new).await;
        let seen = self.look_at_both(two, pair, draft, &earlier).await?;
        draft.notices.extend(seen.unreserved());
        self.can_run(two, pair, draft).await?;
        self.takes_down_more(two, pair, draft).await?;
        self.room(two, pair).await?;
        self.page_answers(&seen.new)?;
        let limits = Limits {
            all_found_open: true,
            two_stage: pair.to.limits.two_stage,
            switch: self.switching(two, pair).await,
            lock: self.takes_lock(&seen.start, false),
            ..self.limits_of_switch()
        };
        let Seen { start, .. } = &seen;
        draft.notices.extend(start.note.clone());
        let hold = self.hold_of_on(pair, held.as_ref());
        draft.notices.extend(self.never_ends(hold.as_ref()));
        if self.dry_run {
            let steps = plan::steps(two, pair, start, &limits, &seen);
            let lasts = self.how_long(hold.as_ref());
            let steps = lasts.into_iter().chain(steps).collect();
            return Break(self.planned(steps, &limits, &two.old).await);
        }
        match two.interrupted() {
            Some(signal) => Break(Begin::Interrupted(signal)),
            None => Continue(Go {
                start: seen.start.after_lock(&limits),
                limits,
            }),
        }
    }

    /// What the switch does, and whether its new target runs already. A recovery knows that from
    /// before.
    async fn switching(&self, two: &TwoHosts, pair: &Pair) -> Switching {
        let starts = self.verb == Verb::Switch && pair.switching.how == How::Start;
        Switching {
            was_closed: pair.switching.was_closed || self.was_closed(),
            ran_before: pair.switching.ran_before || (starts && two.new.runs().await),
            ..pair.switching
        }
    }

    async fn settle_both(&self, two: &TwoHosts, draft: &mut Draft) -> Preflight<()> {
        if self.dry_run {
            return Continue(());
        }
        let asked = Instant::now();
        tokio::select! {
            settled = two.settle() => or_refuse(settled.map_err(refusal))?,
            signal = two.old.stopped() => return Break(Begin::Interrupted(signal)),
        }
        draft.before.settling = asked.elapsed();
        Continue(())
    }

    /// Whether both targets can be started and stopped, and the commands can be run.
    async fn can_run(&self, two: &TwoHosts, pair: &Pair, draft: &mut Draft) -> Preflight<()> {
        if self.verb != Verb::Switch {
            return Continue(());
        }
        let mut wrong = Vec::new();
        for app in [&pair.from, &pair.to] {
            let Some(run) = &app.run else { continue };
            match run.check().await {
                Ok(odd) => draft.notices.extend(odd),
                Err(error) => wrong.push(format!("{}: {error}", app.label())),
            }
        }
        let prepare = two.prepare.as_ref().map(|change| ("--with", change));
        let verify = pair.to.verify.as_ref().map(|change| ("verify", change));
        for (key, change) in prepare.into_iter().chain(verify) {
            let checked = change.check().err();
            wrong.extend(checked.map(|error| format!("{key}: {error}")));
        }
        match wrong.is_empty() {
            true => Continue(()),
            false => {
                let reasons = wrong.into_iter().map(Reason::Lasting).collect();
                Break(Begin::Refused(Refusal::Preflight(reasons)))
            }
        }
    }

    /// Refuses a switch whose stop of the old target would take down an app that still serves, or the
    /// new target. The start of the new one must not stop the old one.
    async fn takes_down_more(
        &self,
        two: &TwoHosts,
        pair: &Pair,
        draft: &mut Draft,
    ) -> Preflight<()> {
        if self.verb != Verb::Switch {
            return Continue(());
        }
        if let (Some(from), Some(to)) = (&pair.from.run, &pair.to.run) {
            let (old, new) = (pair.from.label(), pair.to.label());
            if let Some(why) = to.start_stops(from).await {
                return Break(Begin::refused(format!(
                    "the start of {new} would stop {old}, which serves the users: it {why}; remove \
                     that, because both run for a moment"
                )));
            }
            let old = (from, pair.from.ports.port, old);
            let new = (to, pair.to.ports.port, new);
            // The new one is stopped, too: before its start, and on the way back.
            for ((one, port, stopped), (other, its_port, also)) in [(&old, &new), (&new, &old)] {
                let reach = one.reach(*port).await;
                if let Some(why) = reach.stops(other, *its_port).await {
                    return Break(Begin::refused(format!(
                        "the stop of {stopped} would also stop {also}, which {why}: give each \
                         target a unit, or commands, of its own"
                    )));
                }
            }
        }
        let (settings, _) = self
            .settings
            .without(&draft.without_balancers, &self.app.name);
        let beside = two.old.beside_stop(&settings).await;
        let downs = taken_down(&beside, &self.app.name, &self.app.also_restarts);
        let downs = downs.map_err(|reasons| {
            let reasons = reasons.iter().map(|one| Reason::from(one.to_string()));
            Refusal::Preflight(reasons.collect())
        });
        draft.notices.extend(or_refuse(downs)?);
        Continue(())
    }

    /// Users are not affected: it is no refusal by the host, but an outcome with its figures.
    async fn room(&self, two: &TwoHosts, pair: &Pair) -> Preflight<()> {
        if self.verb == Verb::Switch && pair.switching.how == How::Back && !two.new.runs().await {
            let (app, to) = (&self.app.name, two.name(Part::New));
            return Break(Begin::refused(format!(
                "{to} was kept ready, but it does not run any more: `agent switch {app} --to {to}` \
                 starts it"
            )));
        }
        if self.verb != Verb::Switch || pair.switching.how != How::Start {
            return Continue(());
        }
        match has_room(two, pair).await {
            Ok(()) => Continue(()),
            Err(why) => Break(Begin::NoRoom(why)),
        }
    }
}
