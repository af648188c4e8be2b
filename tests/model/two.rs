//! A switch by the core: how it begins, and each of its decisions.

use super::begin::gates_found;
use super::core::{Core, lock_after};
use super::flaw::Flaw;
use super::inputs::{facts_of, observation};
use super::phases::{
    FINISH, effect, number, number_of, phase_of, switching_of, target, unfinished, verb_of,
};
use farm::{Begun, Command, Decided, Left, Lock, LockSeen, Look, UnderWay};
use haproxy_gate::haproxy::{BalancerObservation, Floor, Leaving, Mode};
use haproxy_gate::restart::switch::Part;
use haproxy_gate::restart::{
    Ask, NoStart, Observation, Phase, Start, Step, Verb, decide, held_out, preflight, start,
    takes_lock,
};

impl Core {
    pub(super) fn begin_switch(
        &self,
        look: &Look,
        command: Command,
        left: Option<Left>,
    ) -> Option<Begun> {
        let (asked, verb, begin) = match left {
            Some(left) => resumed(command, left)?,
            None => first(command),
        };
        let seen = [Part::Old, Part::New].map(|part| self.seen(look, part, None));
        let [old, new] = &seen;
        for (part, balancers) in [Part::Old, Part::New].into_iter().zip(&seen) {
            let facts = facts_of(look, part, balancers.clone());
            preflight(asked, &facts, Floor::Servers(0)).ok()?;
        }
        if asked == Verb::Switch && verb != FINISH && !held_out(new, old).is_empty() {
            return None;
        }
        // As `operation/switch/rest.rs`: it is stopped before it starts anew.
        let is_busy = look.two.is_some_and(|two| two.busy[1]);
        if begin.is_first_of_a_start() && is_busy {
            return None;
        }
        let takes_lock = self.settings.lock != Lock::None && takes_lock(asked, &begin);
        let under_way = UnderWay {
            verb,
            lock: match takes_lock {
                true => LockSeen::Asked,
                false => LockSeen::Unused,
            },
            ..UnderWay::default()
        };
        let limits = self.limits(under_way);
        let Start { phase, .. } = begin.after_lock(&limits);
        let phase = self.flaw.map_or(phase.clone(), |flaw| flaw.begins(phase));
        Some(Begun {
            under_way: UnderWay {
                phase: number(&phase),
                ..under_way
            },
            effect: effect(&phase, Verb::Switch, &limits),
        })
    }

    pub(super) fn decide_switch(&self, look: &Look) -> Decided {
        let (phase, verb) = (phase_of(look), verb_of(look));
        let limits = self.limits(look.under_way);
        let (part, ask) = (phase.part(), phase.asks_balancers(&limits));
        let balancers = ask.map_or_else(Vec::new, |ask| self.seen(look, part, Some(ask)));
        let asks_other = phase.asks_other(&limits);
        let other =
            asks_other.map_or_else(Vec::new, |ask| self.seen(look, part.other(), Some(ask)));
        let mut observation = Observation {
            other,
            ..observation(look, &phase, balancers)
        };
        if let Some(flaw) = self.flaw {
            let balancers = observation.balancers.iter_mut();
            balancers.for_each(|balancer| flaw.spoil(balancer, &phase));
            if flaw == Flaw::TrustsStart {
                observation.health = observation.health.map(|_| Ok(()));
            }
        }
        let at = |to: &Phase| UnderWay {
            phase: number(to),
            lock: lock_after(&phase, to, look.under_way.lock),
            ..look.under_way
        };
        match decide(verb, &phase, &observation, &limits) {
            Step::Stay { phase, .. } => Decided::Stays(at(&phase)),
            Step::Go { to, .. } if self.flaw.is_some_and(|flaw| flaw.ends(&to)) => Decided::Ends,
            Step::Go { to, .. } => {
                let to = self.flaw.map_or(to.clone(), |flaw| flaw.enters(to));
                Decided::Goes(at(&to), effect(&to, verb, &limits))
            }
            Step::End(_) => Decided::Ends,
        }
    }

    /// What the balancers show of a target. What leaving workers carry is all that is in flight: the
    /// current one's looks the same to the core.
    fn seen(&self, look: &Look, part: Part, ask: Option<Ask>) -> Vec<BalancerObservation> {
        let own = look.of_own_lines();
        let balancers = 0..self.settings.balancers;
        let shown = balancers.map(|one| self.looks.at(&self.settings, &own, one, target(part)));
        let mut seen: Vec<_> = shown.map(|shown| shown.observation.clone()).collect();
        for balancer in &mut seen {
            // It asks no capacity, and decides nothing by it.
            balancer
                .answer
                .as_mut()
                .expect("an answer")
                .backends
                .clear();
        }
        let is_busy = look.two.is_some_and(|two| two.busy[target(part)]);
        if ask == Some(Ask::Leaving) && is_busy {
            let answer = seen[0].answer.as_mut().expect("an answer");
            answer.leaving = Some(vec![Leaving {
                pid: 1,
                line: "srvs/line".to_owned(),
                in_flight: 1,
                mode: Mode::Http,
            }]);
        }
        seen
    }
}

fn first(command: Command) -> (Verb, u8, Start) {
    let verb = match command {
        Command::Finish => FINISH,
        _ => number_of(Verb::Switch),
    };
    (Verb::Switch, verb, Start::of_switch(switching_of(verb)))
}

/// After a death `agent recover` goes on. `agent switch` does that first, and begins if there was nothing to
/// recover: see `operation/switch/first.rs`.
fn resumed(command: Command, left: Left) -> Option<(Verb, u8, Start)> {
    let recovery = start(Verb::Recover, Some(&unfinished(left)), gates_found(true));
    match (command, recovery) {
        (Command::Recover, Ok(begin)) => Some((Verb::Recover, left.under_way.verb, begin)),
        (Command::Switch, Err(NoStart::Nothing(_))) => Some(first(command)),
        _ => None,
    }
}
