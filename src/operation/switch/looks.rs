//! The looks at both targets that a switch begins with. It looks again while a refusal may pass by
//! itself, as during a reload of HAProxy.

use super::page::serves_on;
use super::pair::Pair;
use super::rest::{Resting, not_at_rest};
use crate::config::AppSettings;
use crate::gate::Position;
use crate::haproxy::Floor;
use crate::host::{Snapshot, TwoHosts};
use crate::operation::Operation;
use crate::operation::earlier::Earlier;
use crate::operation::go::{Begin, Preflight};
use crate::operation::looks::{PATIENCE, PAUSE};
use crate::report::Draft;
use crate::restart::switch::How;
use crate::restart::{
    GatesFound, Host, NoStart, Reason, Refusal, Start, Verb, held_out, preflight, start,
};
use std::ops::ControlFlow::{Break, Continue};
use std::time::Instant;

/// What the last look has shown, and the decision.
pub(super) struct Seen {
    pub(super) old: Snapshot,
    pub(super) new: Snapshot,
    pub(super) start: Start,
}

impl Seen {
    pub(super) fn unreserved(&self) -> impl Iterator<Item = String> {
        self.old.unreserved().chain(self.new.unreserved())
    }
}

impl Operation<'_> {
    /// Looks until nothing refuses the switch. Break: the refusal lasts.
    pub(super) async fn look_at_both(
        &self,
        two: &mut TwoHosts,
        pair: &Pair,
        draft: &mut Draft,
        earlier: &Earlier,
    ) -> Preflight<Seen> {
        let began = Instant::now();
        loop {
            let [old, new] = two.snapshots().await;
            draft.set_snapshots(two.elapsed(), [&old, &new]);
            let refusal = match self.permits_switch(pair, &old, &new, earlier) {
                Ok((start, notices)) => {
                    draft.notices.extend(notices);
                    return Continue(Seen { old, new, start });
                }
                Err(Begin::Refused(refusal)) => refusal,
                Err(begin) => return Break(begin),
            };
            if !refusal.may_pass() || began.elapsed() + PAUSE > PATIENCE {
                return Break(self.advised(Begin::Refused(refusal), draft));
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                signal = two.old.stopped() => return Break(Begin::Interrupted(signal)),
            }
        }
    }

    /// Where it begins, and what the operator should know.
    fn permits_switch(
        &self,
        pair: &Pair,
        old: &Snapshot,
        new: &Snapshot,
        earlier: &Earlier,
    ) -> Result<(Start, Vec<String>), Begin> {
        let mut notices = Vec::new();
        let of_each = [(&pair.from, old), (&pair.to, new)].map(|(app, snapshot)| {
            match preflight(self.verb, &snapshot.facts(), Floor::Servers(0)) {
                Ok(some) => {
                    notices.extend(some);
                    (app.label(), Vec::new())
                }
                Err(Refusal::Preflight(some) | Refusal::TooFewServers(some)) => (app.label(), some),
            }
        });
        let (mut reasons, of_page) = weighed(self.verb, of_each);
        notices.extend(of_page);
        // A finish moves no user.
        if self.verb.switches() && pair.switching.how != How::Finish {
            reasons.extend(held_out(&new.balancers, &old.balancers));
        }
        if self.verb == Verb::MaintenanceOn {
            reasons.extend(serves_on(old).map(Reason::Lasting));
            let beside = self.open_beside(pair, old).into_iter();
            let app = &self.app.name;
            reasons.extend(beside.map(|label| {
                Reason::Lasting(format!(
                    "the gates of {label} are not closed, so users would meet it: run `agent recover \
                     {app}` first"
                ))
            }));
        }
        if self.verb == Verb::Switch {
            let threats = old.threats().into_iter().chain(new.threats());
            let beside = self.open_beside(pair, old);
            let (old, new) = (Resting::of(&pair.from, old), Resting::of(&pair.to, new));
            let how = pair.switching.how;
            let rest = not_at_rest(&self.app.name, how, (&old, &new), &beside);
            reasons.extend(threats.chain(rest).map(Reason::Lasting));
        }
        if !reasons.is_empty() {
            return Err(Begin::Refused(Refusal::Preflight(reasons)));
        }
        let unfinished = earlier.entry.as_ref().map(|entry| entry.unfinished(None));
        match (self.verb, unfinished) {
            (verb, _) if verb.switches() => Ok((Start::of_switch(pair.switching), notices)),
            (verb, unfinished) => match start(verb, unfinished.as_ref(), GatesFound::Open) {
                Ok(start) => Ok((start, notices)),
                Err(NoStart::Nothing(why)) => Err(self.nothing(why, Vec::new())),
                Err(NoStart::Unfinished(why) | NoStart::CutSwitch(why)) => Err(Begin::refused(why)),
            },
        }
    }
}

impl Operation<'_> {
    /// The targets beside the two that have a gate which is not closed.
    fn open_beside(&self, pair: &Pair, seen: &Snapshot) -> Vec<String> {
        let Ok(rules) = &seen.rules else {
            return Vec::new();
        };
        let is_one = |app: &AppSettings| {
            [&pair.from, &pair.to]
                .map(|one| &one.target)
                .contains(&&app.target)
        };
        let is_open = |app: &AppSettings| {
            let gates = self.settings.gates(app);
            gates
                .iter()
                .any(|gate| rules.position(gate) != Position::Closed)
        };
        let beside = self.app.instances().into_iter();
        let open = beside.filter(|app| !is_one(app) && is_open(app));
        open.map(|app| app.label()).collect()
    }
}

/// The reasons to refuse, and what becomes a notice. The way back from the page never depends on what
/// HAProxy shows of the page: only the app's own lines, and what concerns both, refuse it.
fn weighed(verb: Verb, of_each: [(String, Vec<Reason>); 2]) -> (Vec<Reason>, Vec<String>) {
    let [common, only_old, only_new] = of_both(of_each);
    match verb {
        Verb::MaintenanceOff => (
            [common, only_new].concat(),
            only_old.iter().map(Reason::to_string).collect(),
        ),
        _ => ([common, only_old, only_new].concat(), Vec::new()),
    }
}

/// The reasons with the name of their target. A reason of both, such as a balancer that is gone, is said
/// once, concerns neither, and comes first.
fn of_both([(old, of_old), (new, of_new)]: [(String, Vec<Reason>); 2]) -> [Vec<Reason>; 3] {
    let (common, only_old): (Vec<_>, Vec<_>) = of_old
        .into_iter()
        .partition(|reason| of_new.contains(reason));
    let only_new = of_new.into_iter().filter(|reason| !common.contains(reason));
    let only_new: Vec<Reason> = only_new
        .map(|reason| reason.beginning(&format!("{new}: ")))
        .collect();
    let only_old = only_old
        .into_iter()
        .map(|reason| reason.beginning(&format!("{old}: ")));
    let only_old: Vec<Reason> = only_old.collect();
    [common, only_old, only_new]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lasting(what: &str) -> Reason {
        Reason::Lasting(what.to_owned())
    }

    #[test]
    fn what_concerns_both_targets_is_said_once() {
        let old = vec![lasting("lb1: gone"), lasting("lb2: no line")];
        let new = vec![lasting("lb1: gone"), lasting("its port is taken")];
        let of_each = [("web/blue".to_owned(), old), ("web/green".to_owned(), new)];
        let (said, notices) = weighed(Verb::Switch, of_each);
        let wanted = [
            lasting("lb1: gone"),
            lasting("web/blue: lb2: no line"),
            lasting("web/green: its port is taken"),
        ];
        assert_eq!((&said[..], &notices[..]), (&wanted[..], &[][..]));
    }

    /// HAProxy may have been reloaded without the page's line meanwhile.
    #[test]
    fn the_page_alone_refuses_to_begin_and_never_to_end() {
        let page = || vec![lasting("lb1: no line"), lasting("lb2: gone")];
        let app = || vec![lasting("lb2: gone")];
        let [of_page, common] = ["web/page: lb1: no line", "lb2: gone"];
        let sick = "web: its port is taken";
        let of_each = |app| [("web/page".to_owned(), page()), ("web".to_owned(), app)];
        let (refuses, notices) = weighed(Verb::MaintenanceOff, of_each(app()));
        assert_eq!(refuses, [lasting(common)]);
        assert_eq!(notices, [of_page]);
        let with_own = of_each([app(), vec![lasting("its port is taken")]].concat());
        let (refuses, notices) = weighed(Verb::MaintenanceOff, with_own);
        assert_eq!(refuses, [lasting(common), lasting(sick)]);
        assert_eq!(notices, [of_page]);
        let [page, app] = of_each(app());
        let (refuses, notices) = weighed(Verb::MaintenanceOn, [app, page]);
        assert_eq!(refuses, [lasting(common), lasting(of_page)]);
        assert_eq!(notices, [""; 0]);
    }
}
