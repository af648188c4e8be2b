//! The search through all states, from near to far.

use super::farm::Farm;
use super::story::story;
use super::ways::Ways;
use super::{Host, State};

/// What the search has found. Each story is one of the shortest that ends so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The number of states that can be reached.
    pub states: usize,
    /// A balancer has too few usable servers.
    pub too_few_usable: Option<String>,
    /// Too few apps run.
    pub too_few_run: Option<String>,
    /// On a host that switches no target serves.
    pub none_open: Option<String>,
    /// A target is stopped that is open or busy.
    pub cuts_users: Option<String>,
    /// At rest not exactly one target is open.
    pub unsettled: Option<String>,
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
        let of_switch = |is: &dyn Fn(&Host) -> bool| {
            let switching = self.settings.switching;
            let some = |state: &State| state.hosts[..switching].iter().any(is);
            (switching > 0).then(|| describe(first(&some))).flatten()
        };
        let stuck = ways.first_without_way_to(|state| state.all_done(&self.settings));
        Found {
            states: ways.len(),
            too_few_usable: describe(first(&|state| !self.enough_usable(state))),
            too_few_run: describe(first(&|state| !self.enough_run(state))),
            none_open: of_switch(&|host| !host.has_open(&self.settings)),
            cuts_users: of_switch(&|host| host.cuts_users(&self.settings)),
            unsettled: of_switch(&Host::is_unsettled),
            stuck: describe(stuck),
        }
    }
}
