//! The search through all states, from near to far.

use super::farm::Farm;
use super::story::story;
use super::{State, Step};
use indexmap::IndexSet;

/// What the search has found. Each story is one of the shortest that ends so.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The number of states that can be reached.
    pub states: usize,
    /// A balancer has too few usable servers.
    pub too_few_usable: Option<String>,
    /// Too few apps run.
    pub too_few_run: Option<String>,
    /// Whatever comes next, not all hosts will be done.
    pub stuck: Option<String>,
}

impl Farm {
    /// Looks at every state that can be reached. States are compared whole, so it leaves none out.
    ///
    /// If each state has a way to the end of all operations, then all of them end for certain, as
    /// soon as no step that could come again and again is left out for ever.
    pub fn search(&self) -> Found {
        let ways = self.ways();
        let first = |is: &dyn Fn(&State) -> bool| ways.states.iter().position(is);
        let describe = |at: Option<usize>| Some(story(self, &ways.to(self, at?)));
        Found {
            states: ways.states.len(),
            too_few_usable: describe(first(&|state| !self.enough_usable(state))),
            too_few_run: describe(first(&|state| !self.enough_run(state))),
            stuck: describe(ways.first_stuck(self)),
        }
    }

    fn ways(&self) -> Ways {
        let mut ways = Ways::default();
        ways.states.insert(State::first(&self.settings));
        ways.earlier.push(0);
        let (mut at, mut steps) = (0, Vec::new());
        while let Some(state) = ways.states.get_index(at).copied() {
            self.steps(&state, &mut steps);
            for next in steps.drain(..).filter_map(|step| self.after(&state, step)) {
                let (number, is_new) = ways.states.insert_full(next);
                if is_new {
                    ways.earlier.push(short(at));
                }
                ways.steps.push((short(number), short(at)));
            }
            at += 1;
        }
        ways.steps.sort_unstable();
        ways
    }
}

/// All states, and the steps between them, by number.
#[derive(Default)]
struct Ways {
    states: IndexSet<State>,
    /// The state before, on a shortest way.
    earlier: Vec<u32>,
    /// Each step: to, and from. In order.
    steps: Vec<(u32, u32)>,
}

impl Ways {
    /// A shortest way to a state.
    fn to(&self, farm: &Farm, at: usize) -> Vec<(State, Option<Step>)> {
        let mut way = vec![(self.states[at], None)];
        let mut at = at;
        while at > 0 {
            let (after, before) = (self.states[at], self.earlier[at] as usize);
            let mut steps = Vec::new();
            farm.steps(&self.states[before], &mut steps);
            let step = steps
                .into_iter()
                .find(|step| farm.after(&self.states[before], *step) == Some(after));
            way.push((self.states[before], step));
            at = before;
        }
        way.reverse();
        way
    }

    /// The first state from which the end can't be reached.
    fn first_stuck(&self, farm: &Farm) -> Option<usize> {
        let steps = &self.steps;
        let before = |at: usize| {
            let from = steps.partition_point(|(to, _)| (*to as usize) < at);
            let steps = steps[from..].iter();
            steps
                .take_while(move |(to, _)| *to as usize == at)
                .map(|(_, from)| *from as usize)
        };
        let ends = self
            .states
            .iter()
            .map(|state| state.all_done(&farm.settings));
        let mut ends: Vec<bool> = ends.collect();
        let mut open: Vec<usize> = (0..ends.len()).filter(|at| ends[*at]).collect();
        while let Some(at) = open.pop() {
            for one in before(at) {
                if !std::mem::replace(&mut ends[one], true) {
                    open.push(one);
                }
            }
        }
        ends.iter().position(|ends| !ends)
    }
}

fn short(number: usize) -> u32 {
    u32::try_from(number).expect("fewer states")
}
