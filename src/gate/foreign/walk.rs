//! Walks from a base chain to the rules that redirect a check of one port. Pure.

use std::collections::BTreeMap;

/// As deep as the kernel lets chains jump.
const DEEPEST: usize = 16;

/// Whether a rule matches the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Matches {
    No,
    /// It has a condition that the walk does not judge.
    Maybe,
    Yes,
}

impl From<bool> for Matches {
    fn from(matches: bool) -> Matches {
        if matches { Matches::Yes } else { Matches::No }
    }
}

impl Matches {
    /// The same for a rule that says `!`.
    pub(super) fn negated(self, is_negated: bool) -> Matches {
        match (self, is_negated) {
            (Matches::No, true) => Matches::Yes,
            (Matches::Yes, true) => Matches::No,
            (matches, _) => matches,
        }
    }
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    GoOn,
    Jump(String),
    Goto(String),
    Return,
    Redirect,
    /// The kernel asks no further rule.
    End,
}

/// One rule, for one port.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub matches: Matches,
    /// It has a matching condition on the port.
    pub names_port: bool,
    pub target: Target,
    /// The rule, and the command that removes it.
    pub rule: String,
    pub removal: String,
}

/// Chains by name.
pub(super) type Chains = BTreeMap<String, Vec<Step>>;

/// A rule that redirects the check, or may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redirect {
    pub rule: String,
    pub removal: String,
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

/// The redirects that name the port, in any chain: each is possible.
pub(super) fn named(chains: &Chains) -> Vec<Redirect> {
    let named = chains.values().flatten().filter(|step| {
        step.names_port && step.matches != Matches::No && step.target == Target::Redirect
    });
    named.map(|step| step.redirect((false, true))).collect()
}

impl Step {
    fn redirect(&self, (is_certain, names_port): Reached) -> Redirect {
        Redirect {
            rule: self.rule.clone(),
            removal: self.removal.clone(),
            is_certain,
            names_port,
        }
    }
}

/// The redirects that the check may meet from this base chain on.
pub(super) fn redirects(chains: &Chains, base: &str) -> Vec<Redirect> {
    let mut walk = Walk {
        chains,
        visited: BTreeMap::new(),
        found: Vec::new(),
    };
    walk.visit(base, (true, false), 0);
    walk.found
}

struct Walk<'a> {
    chains: &'a Chains,
    /// Each chain is walked at most once for each way to reach it.
    visited: BTreeMap<(&'a str, Reached), Fate>,
    found: Vec<Redirect>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, chain: &'a str, reached: Reached, depth: usize) -> Fate {
        if let Some(fate) = self.visited.get(&(chain, reached)) {
            return *fate;
        }
        if depth > DEEPEST {
            return Fate::MayBeTaken;
        }
        self.visited.insert((chain, reached), Fate::MayBeTaken);
        let fate = self.walk(chain, reached, depth);
        self.visited.insert((chain, reached), fate);
        fate
    }

    fn walk(&mut self, chain: &'a str, reached: Reached, depth: usize) -> Fate {
        let (mut sure, mut fate) = (reached.0, Fate::ComesOut);
        for step in self.chains.get(chain).into_iter().flatten() {
            let matches = step.matches == Matches::Yes;
            let here = (sure && matches, reached.1 || step.names_port);
            let after = match &step.target {
                _ if step.matches == Matches::No => continue,
                Target::GoOn => continue,
                Target::Return if matches => return fate,
                // Only the rest of this chain is unsure.
                Target::Return => {
                    sure = false;
                    continue;
                }
                // A certain rule behind another one is certain, too.
                Target::Redirect => {
                    self.report(step, here);
                    if matches {
                        continue;
                    }
                    Fate::Taken
                }
                Target::End => Fate::Taken,
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

    fn report(&mut self, step: &Step, reached: Reached) {
        let one = step.redirect(reached);
        self.found
            .extend((!self.found.contains(&one)).then_some(one));
    }
}
