//! What was worked out before. Many states of the farm look the same to an agent.

use super::shown;
use farm::{Look, Settings};
use haproxy_gate::haproxy::BalancerObservation;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, RwLock};

/// Answers by what they depend on.
pub(super) struct Memory<K, V>(RwLock<HashMap<K, V>>);

impl<K: Hash + Eq, V: Clone> Memory<K, V> {
    pub(super) fn new() -> Self {
        Memory(RwLock::default())
    }

    pub(super) fn recall(&self, key: K, work_out: impl FnOnce() -> V) -> V {
        if let Some(known) = self.0.read().unwrap().get(&key) {
            return known.clone();
        }
        let new = work_out();
        self.0.write().unwrap().entry(key).or_insert(new).clone()
    }
}

/// What a balancer shows, and a number for all lines that look the same to the agent.
pub(super) struct Shown {
    pub(super) observation: BalancerObservation,
    with_capacity: usize,
    lines_alone: usize,
}

impl Shown {
    pub(super) fn number(&self, with_capacity: bool) -> usize {
        match with_capacity {
            true => self.with_capacity,
            false => self.lines_alone,
        }
    }
}

/// What each balancer shows to each agent.
pub(super) struct Looks {
    shown: Memory<(usize, usize, usize, u32, bool), Arc<Shown>>,
    numbers: RwLock<HashMap<String, usize>>,
}

impl Looks {
    pub(super) fn new() -> Looks {
        Looks {
            shown: Memory::new(),
            numbers: RwLock::default(),
        }
    }

    pub(super) fn at(
        &self,
        settings: &Settings,
        look: &Look,
        balancer: usize,
        target: usize,
    ) -> Arc<Shown> {
        let (lines, is_held) = (look.lines[balancer], look.held[balancer]);
        let key = (look.host, balancer, target, lines, is_held);
        self.shown.recall(key, || {
            let observation = shown::balancer(settings, look, balancer, target);
            let with_capacity = self.number(format!("{observation:?}"));
            let lines_alone = self.number(format!("{:?}", observation.lines()));
            Arc::new(Shown {
                observation,
                with_capacity,
                lines_alone,
            })
        })
    }

    /// Equal texts have equal numbers, from 1 on.
    fn number(&self, text: String) -> usize {
        let mut numbers = self.numbers.write().unwrap();
        let next = numbers.len() + 1;
        *numbers.entry(text).or_insert(next)
    }
}
