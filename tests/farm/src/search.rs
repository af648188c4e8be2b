//! The search through all states, from near to far.

use super::State;
use super::farm::Farm;
use super::story::story;
use super::ways::Ways;

/// What the search has found. Each story is one of the shortest that ends so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
        let ways = Ways::all(self);
        let first = |is: &dyn Fn(&State) -> bool| (0..ways.len()).find(|at| is(&ways.state(*at)));
        let describe = |at: Option<usize>| Some(story(self, &ways.to(self, at?)));
        let stuck = ways.first_without_way_to(|state| state.all_done(&self.settings));
        Found {
            states: ways.len(),
            too_few_usable: describe(first(&|state| !self.enough_usable(state))),
            too_few_run: describe(first(&|state| !self.enough_run(state))),
            stuck: describe(stuck),
        }
    }
}
