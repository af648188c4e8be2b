//! Finds the rules that parking an app's targets replaces. Pure.

use super::{Parking, Parkings};
use crate::gate::ours::{PARK_CHAIN, parked};
use crate::gate::owned::is_at;
use crate::gate::rule::Rule;

impl Parkings {
    /// Whether parking this app replaces or deletes the rule: it is of this app, of any target and
    /// port; it is for a port that a target of this app has now; or no app of the configuration has
    /// its name. Each of these would lead users to a wrong target.
    pub(in crate::gate) fn owns(&self, rule: &Rule) -> bool {
        let of_app = |app: &str| app == self.app || !self.other_apps.iter().any(|one| one == app);
        let is_at_one = || self.targets.iter().any(|one| is_at(rule, one.port));
        names(rule).is_some_and(|(app, _)| of_app(app) || is_at_one())
    }

    /// Whether it is a rule of ours in the place of this target: by its name or by its port.
    pub(super) fn has(&self, target: &Parking, rule: &Rule) -> bool {
        let is_named = |(app, name): (&str, &str)| app == self.app && name == target.target;
        names(rule).is_some_and(|names| is_named(names) || is_at(rule, target.port))
    }

    /// Whether the rule is of no target that is configured: of this app, or of no app at all.
    pub(super) fn is_gone(&self, rule: &Rule) -> bool {
        self.owns(rule) && !self.targets.iter().any(|one| self.has(one, rule))
    }
}

/// The app and the target of a rule of a parked port.
fn names(rule: &Rule) -> Option<(&str, &str)> {
    let comment = rule.comment.as_deref();
    comment
        .filter(|_| rule.chain == PARK_CHAIN)
        .and_then(parked)
}
