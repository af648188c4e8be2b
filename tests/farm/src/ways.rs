//! All states that were reached, and the steps between them, by number. Each host of a state is a number,
//! too: many states share it.

use super::farm::Farm;
use super::{BALANCERS, Host, MOST_HOSTS, State, Step};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

/// The numbers of the hosts, and the rest of a state.
type Packed = ([u32; MOST_HOSTS], Rest);
/// Who has the lock, what is held, and how many deaths and reloads may still come.
type Rest = (u8, [bool; BALANCERS], u8, u8);

/// All states, and the steps between them, by number.
#[derive(Default)]
pub(crate) struct Ways {
    hosts: IndexSet<Host, FxBuildHasher>,
    states: IndexSet<Packed, FxBuildHasher>,
    /// The state before, on a shortest way.
    earlier: Vec<u32>,
    /// The states after each state, one state after the other.
    after: Vec<u32>,
    /// Where those of the next state begin.
    ends: Vec<usize>,
}

impl Ways {
    /// Goes to every state that can be reached, from near to far.
    pub(crate) fn all(farm: &Farm) -> Ways {
        let mut ways = Ways::default();
        ways.add(&State::first(&farm.settings), 0);
        let mut steps = Vec::new();
        while ways.ends.len() < ways.len() {
            let at = ways.ends.len();
            let state = ways.state(at);
            farm.steps(&state, &mut steps);
            let begin = ways.after.len();
            for next in steps.drain(..).filter_map(|step| farm.after(&state, step)) {
                let number = ways.add(&next, at);
                if !ways.after[begin..].contains(&number) {
                    ways.after.push(number);
                }
            }
            ways.ends.push(ways.after.len());
        }
        ways
    }

    pub(crate) fn len(&self) -> usize {
        self.states.len()
    }

    pub(crate) fn state(&self, at: usize) -> State {
        let (hosts, (lock, held, crashes, reloads)) = self.states[at];
        State {
            hosts: hosts.map(|number| self.hosts[number as usize]),
            lock,
            held,
            crashes,
            reloads,
        }
    }

    fn add(&mut self, state: &State, from: usize) -> u32 {
        let hosts = state
            .hosts
            .map(|host| short(self.hosts.insert_full(host).0));
        let rest = (state.lock, state.held, state.crashes, state.reloads);
        let (number, is_new) = self.states.insert_full((hosts, rest));
        if is_new {
            self.earlier.push(short(from));
        }
        short(number)
    }

    fn after(&self, at: usize) -> &[u32] {
        let begin = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.after[begin..self.ends[at]]
    }

    /// A shortest way to a state.
    pub(crate) fn to(&self, farm: &Farm, at: usize) -> Vec<(State, Option<Step>)> {
        let mut way = vec![(self.state(at), None)];
        let mut at = at;
        while at > 0 {
            let (after, earlier) = (self.state(at), self.earlier[at] as usize);
            let before = self.state(earlier);
            let mut steps = Vec::new();
            farm.steps(&before, &mut steps);
            let mut steps = steps.into_iter();
            let step = steps.find(|step| farm.after(&before, *step) == Some(after));
            way.push((before, step));
            at = earlier;
        }
        way.reverse();
        way
    }

    /// The first state from which no such state can be reached.
    pub(crate) fn first_without_way_to(&self, is_end: impl Fn(&State) -> bool) -> Option<usize> {
        let mut leads: Vec<bool> = (0..self.len()).map(|at| is_end(&self.state(at))).collect();
        // Most steps lead farther away from the first state, so most states are found at once.
        loop {
            let mut found = false;
            for at in (0..self.len()).rev() {
                if !leads[at] && self.after(at).iter().any(|next| leads[*next as usize]) {
                    (leads[at], found) = (true, true);
                }
            }
            if !found {
                return leads.iter().position(|leads| !leads);
            }
        }
    }
}

fn short(number: usize) -> u32 {
    u32::try_from(number).expect("fewer states")
}
