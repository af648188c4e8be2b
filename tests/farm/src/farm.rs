//! The farm: what always holds, and what its agents have decided so far.

use super::agent::{Agent, Begun, Decided, Left};
use super::step::Command;
use super::{Look, Settings, State, UnderWay};
use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::sync::RwLock;

/// A farm, and what its agents have decided so far.
pub struct Farm {
    pub(crate) settings: Settings,
    agent: Box<dyn Agent>,
    begun: Memory<(Look, Command, Option<Left>), Option<Begun>>,
    left: Memory<(Left, bool), UnderWay>,
    decided: Memory<Look, Decided>,
}

/// What was asked before, with its answer.
type Memory<K, V> = RwLock<FxHashMap<K, V>>;

fn recall<K: Hash + Eq, V: Copy>(memory: &Memory<K, V>, key: K, ask: impl FnOnce() -> V) -> V {
    if let Some(known) = memory.read().expect("no panic").get(&key) {
        return *known;
    }
    *memory
        .write()
        .expect("no panic")
        .entry(key)
        .or_insert_with(ask)
}

impl Farm {
    /// A farm that asks this agent.
    pub fn new(settings: Settings, agent: impl Agent + 'static) -> Farm {
        Farm {
            settings,
            agent: Box::new(agent),
            begun: Memory::default(),
            left: Memory::default(),
            decided: Memory::default(),
        }
    }

    pub(crate) fn begins(
        &self,
        look: &Look,
        command: Command,
        left: Option<Left>,
    ) -> Option<Begun> {
        let ask = || self.agent.begins(look, command, left);
        recall(&self.begun, (*look, command, left), ask)
    }

    pub(crate) fn leaves(&self, left: Left, all_open: bool) -> UnderWay {
        recall(&self.left, (left, all_open), || {
            self.agent.leaves(left, all_open)
        })
    }

    pub(crate) fn decides(&self, look: &Look) -> Decided {
        recall(&self.decided, *look, || self.agent.decides(look))
    }

    pub(crate) fn name(&self, phase: u8) -> String {
        self.agent.name(phase)
    }

    /// Each balancer has enough servers that answer.
    pub(crate) fn enough_usable(&self, state: &State) -> bool {
        let mut balancers = 0..self.settings.balancers;
        balancers.all(|one| state.usable(&self.settings, one) >= self.settings.min_available)
    }

    /// Enough apps run.
    pub(crate) fn enough_run(&self, state: &State) -> bool {
        state.running(&self.settings) >= self.settings.min_available
    }
}
