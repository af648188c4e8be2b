//! Walks from a base chain to the rules that redirect a check of one port. Pure.

use super::checked::Checked;
use super::meets::{Matches, meets, names_port};
use super::stays::stays;
use crate::gate::listing::Listing;
use crate::gate::ours::CHAIN;
use crate::gate::rule::{Hook, Listed, Rule, Target};
use std::collections::{BTreeMap, BTreeSet};

/// As deep as the kernel lets chains jump.
const DEEPEST: usize = 16;

/// The chains of one table without our own rules, for the check of one port.
pub(super) struct Chains<'a> {
    rules: BTreeMap<&'a str, Vec<&'a Listed>>,
    port: u16,
    checked: Checked,
}

/// A rule that redirects the check, or may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Redirect<'a> {
    pub listed: &'a Listed,
    pub is_certain: bool,
    pub names_port: bool,
}

/// What happens to a check that enters a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    ComesOut,
    MayBeTaken,
    Taken,
}

/// How the walk reached a chain: by certain rules alone, and by a rule that names the port.
type Reached = (bool, bool);

impl<'a> Chains<'a> {
    pub(super) fn new(listing: &'a Listing, port: u16, is_ours: impl Fn(&Rule) -> bool) -> Self {
        let mut rules: BTreeMap<&str, Vec<&Listed>> = BTreeMap::new();
        for listed in listing.rules().filter(|listed| !is_ours(&listed.rule)) {
            rules.entry(&listed.rule.chain).or_default().push(listed);
        }
        Chains {
            rules,
            port,
            checked: Checked::default(),
        }
    }

    /// The same for a check of these addresses.
    pub(super) fn at(self, checked: &Checked) -> Self {
        let checked = checked.clone();
        Chains { checked, ..self }
    }

    /// The rules that the check may meet.
    pub(super) fn met(&self) -> impl Iterator<Item = &'a Listed> {
        let rules = self.rules.values().flatten().copied();
        rules.filter(|listed| meets(&listed.rule, self.port) != Matches::No)
    }

    /// The redirects behind this base chain. OUTPUT redirects what this host sends: the check only
    /// of a HAProxy on this host. So a rule there is never certain. It is possible if it names the
    /// port, or has no condition at all.
    pub(super) fn redirects(&self, hook: Hook, base: &str) -> Vec<Redirect<'a>> {
        let mut walk = Walk {
            chains: self,
            visited: BTreeMap::new(),
            found: Vec::new(),
        };
        walk.visit(base, (true, false), 0);
        let mut found = walk.found;
        found.retain(|one| hook == Hook::Prerouting || one.names_port || one.is_certain);
        found
            .iter_mut()
            .for_each(|one| one.is_certain &= hook == Hook::Prerouting);
        found
    }

    /// The redirects that name the port, in any chain that is called: each is possible.
    pub(super) fn named(&self, bases: &[(Hook, &str)]) -> impl Iterator<Item = Redirect<'a>> {
        let called = self.called(bases);
        let named = self
            .met()
            .filter(|listed| names_port(&listed.rule) && listed.rule.redirects());
        let named = named.filter(move |listed| called.contains(&listed.rule.chain));
        named.map(|listed| Redirect {
            listed,
            is_certain: false,
            names_port: true,
        })
    }
}

impl Chains<'_> {
    /// The chains that rules behind these base chains call, whatever they ask. Our own jump is not
    /// among the rules.
    fn called(&self, bases: &[(Hook, &str)]) -> BTreeSet<String> {
        let bases = bases.iter().map(|(_, base)| *base);
        let mut left: Vec<&str> = bases.chain([CHAIN]).collect();
        let mut called = BTreeSet::new();
        while let Some(chain) = left.pop() {
            if !called.insert(chain.to_owned()) {
                continue;
            }
            let rules = self.rules.get(chain).into_iter().flatten();
            left.extend(rules.filter_map(|listed| match &listed.rule.target {
                Target::Jump(to) | Target::Goto(to) => Some(to.as_str()),
                _ => None,
            }));
        }
        called
    }
}

struct Walk<'a, 'b> {
    chains: &'b Chains<'a>,
    /// Each chain is walked at most once for each way to reach it.
    visited: BTreeMap<(String, Reached), Fate>,
    found: Vec<Redirect<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn visit(&mut self, chain: &str, reached: Reached, depth: usize) -> Fate {
        let way = (chain.to_owned(), reached);
        if let Some(fate) = self.visited.get(&way) {
            return *fate;
        }
        if depth > DEEPEST {
            return Fate::MayBeTaken;
        }
        self.visited.insert(way.clone(), Fate::MayBeTaken);
        let fate = self.walk(chain, reached, depth);
        self.visited.insert(way, fate);
        fate
    }

    fn walk(&mut self, chain: &str, reached: Reached, depth: usize) -> Fate {
        let (mut sure, mut fate) = (reached.0, Fate::ComesOut);
        for listed in self.chains.rules.get(chain).into_iter().flatten() {
            let meets = meets(&listed.rule, self.chains.port);
            let matches = meets == Matches::Yes;
            let here = (sure && matches, reached.1 || names_port(&listed.rule));
            let after = match &listed.rule.target {
                _ if meets == Matches::No => continue,
                Target::Continue(_) => continue,
                Target::Return if matches => return fate,
                // Only the rest of this chain is unsure.
                Target::Return => {
                    sure = false;
                    continue;
                }
                // A closed gate still refuses the check, and no rule behind this one meets it.
                target if stays(target, self.chains.port, &self.chains.checked) => {
                    self.report(listed, (false, here.1));
                    Fate::Taken
                }
                // A rule behind another one is no less certain: either redirects the check.
                Target::Redirect(_) | Target::Translate(_) => {
                    self.report(listed, here);
                    continue;
                }
                Target::End(_) => Fate::Taken,
                Target::Jump(to) => self.visit(to, here, depth + 1),
                Target::Goto(to) => match (self.visit(to, here, depth + 1), matches) {
                    (gone, true) => return fate.max(gone),
                    (gone, false) => gone.max(Fate::MayBeTaken),
                },
            };
            match (after, matches) {
                (Fate::ComesOut, _) => {}
                (Fate::Taken, true) => return Fate::Taken,
                _ => (sure, fate) = (false, Fate::MayBeTaken),
            }
        }
        fate
    }

    fn report(&mut self, listed: &'a Listed, (is_certain, names_port): Reached) {
        let one = Redirect {
            listed,
            is_certain,
            names_port,
        };
        self.found
            .extend((!self.found.contains(&one)).then_some(one));
    }
}
