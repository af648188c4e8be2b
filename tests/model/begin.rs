//! How an operation begins: what an earlier one left, the preflight, the lock, the first phase.

use super::core::Core;
use super::inputs::{bits, facts};
use super::memory::Shown;
use super::phases::{effect, number, number_of, unfinished};
use super::shown;
use farm::{Begun, Command, Left, Lock, LockSeen, Look, UnderWay};
use haproxy_gate::haproxy::Floor;
use haproxy_gate::restart::{
    GatesFound, Refusal, Start, Verb, claimed, is_out, preflight, serving, start, takes_lock,
};
use std::sync::Arc;

impl Core {
    pub(super) fn begin(
        &self,
        look: &Look,
        command: Command,
        left: Option<Left>,
        shown: &[Arc<Shown>],
    ) -> Option<Begun> {
        let asked = match command {
            Command::Restart => Verb::Restart,
            Command::Recover => Verb::Recover,
            Command::Switch | Command::Finish => unreachable!("it has one target"),
        };
        let gates = gates_found(look.all_open);
        let left_over = left.map(unfinished);
        let start = start(asked, left_over.as_ref(), gates).ok()?;
        let facts = facts(look, left, shown);
        let verb = if start.goes_out() {
            asked
        } else {
            Verb::Recover
        };
        let floor = Floor::Servers(self.settings.min_available);
        let few = match preflight(verb, &facts, floor) {
            Err(Refusal::TooFewServers(_)) => true,
            judged => {
                judged.ok()?;
                false
            }
        };
        let is_out = is_out(gates, &facts.health, &facts.balancers);
        let takes_lock = self.settings.lock != Lock::None && takes_lock(asked, &start);
        let under_way = UnderWay {
            lock: match (takes_lock, is_out) {
                (true, false) => LockSeen::Asked,
                (true, true) => self.without_lock(),
                (false, _) => LockSeen::Unused,
            },
            serving: bits(&serving(&facts), shown::backend),
            claimed_before: bits(&claimed(&facts), shown::main),
            ..UnderWay::default()
        };
        let limits = self.limits(under_way);
        let Start { verb, phase, .. } = start.within(&limits, few);
        let phase = match self.flaw {
            Some(flaw) => flaw.begins(phase),
            None => phase,
        };
        let under_way = UnderWay {
            phase: number(&phase),
            verb: number_of(verb),
            ..under_way
        };
        Some(Begun {
            under_way,
            effect: effect(&phase, verb, &limits),
        })
    }
}

pub(super) fn gates_found(all_open: bool) -> GatesFound {
    match all_open {
        true => GatesFound::Open,
        false => GatesFound::ClosedUnexpectedly,
    }
}
