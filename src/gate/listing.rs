//! The output of `iptables -t nat -S` as data. Strict: a line that is no rule, chain or policy
//! makes the whole listing unusable, because "not listed" means "closed" to us.

use super::iptables::read;
use super::ours::{CHAIN, HOOKS, PARK_CHAIN, jump, park_jump};
use super::rule::{Change, Listed, Rule};
use std::collections::BTreeSet;

/// A table of one family and one iptables variant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    chains: BTreeSet<String>,
    rules: Vec<Listed>,
}

impl Listing {
    /// Parses the nat table. Err: the line that it can't read, or the chain that is missing.
    pub fn parse(text: &str) -> Result<Listing, String> {
        let mut chains = BTreeSet::new();
        let mut rules = Vec::new();
        for line in text.lines().map(str::trim) {
            match line.split_once(' ') {
                // iptables-nft warns in such a line that there are legacy tables.
                _ if line.is_empty() || line.starts_with('#') => {}
                Some(("-P" | "-N", chain)) => {
                    let (name, _policy) = chain.split_once(' ').unwrap_or((chain, ""));
                    chains.insert(name.to_owned());
                }
                Some(("-A", rule)) => rules.push(rule.split_once(' ').unwrap_or((rule, ""))),
                _ => return Err(format!("not a line of `iptables -S`: {line:?}")),
            }
        }
        if let Some(hook) = HOOKS.iter().find(|hook| !chains.contains(**hook)) {
            return Err(format!("no chain {hook} in the nat table's listing"));
        }
        let is_chain = |name: &str| [CHAIN, PARK_CHAIN].contains(&name) || chains.contains(name);
        let read = |(chain, text)| read(chain, text, is_chain);
        let rules: Vec<Listed> = rules.into_iter().map(read).collect();
        // Without its chain the listing is not complete.
        match rules.iter().find(|one| !chains.contains(&one.rule.chain)) {
            Some(rule) => Err(format!(
                "a rule in a chain that is not listed: {:?}",
                rule.to_string()
            )),
            None => Ok(Listing { chains, rules }),
        }
    }

    /// A table of another source.
    pub(super) fn new(chains: BTreeSet<String>, rules: Vec<Listed>) -> Listing {
        Listing { chains, rules }
    }

    /// What the listing is after one of our changes.
    pub(super) fn apply(&mut self, change: &Change) {
        let listed = |rule: &Rule| Listed {
            rule: rule.clone(),
            text: rule.to_string(),
            handle: None,
        };
        match change {
            Change::NewChain(chain) => drop(self.chains.insert((*chain).to_owned())),
            Change::Insert(rule) => self.rules.insert(0, listed(rule)),
            Change::Append(rule) => self.rules.push(listed(rule)),
            Change::Delete(gone) => {
                let at = self.rules.iter().position(|one| one == gone);
                at.map(|at| self.rules.remove(at));
            }
            Change::Flush(chain) => self.rules.retain(|one| one.rule.chain != *chain),
            Change::DeleteChain(chain) => drop(self.chains.remove(*chain)),
        }
    }

    /// The names of its chains, with rules or without.
    pub fn chains(&self) -> impl Iterator<Item = &str> {
        self.chains.iter().map(String::as_str)
    }

    /// Whether the chain is there, with rules or without.
    pub fn has_chain(&self, chain: &str) -> bool {
        self.chains.contains(chain)
    }

    /// All rules, in the kernel's order.
    pub fn rules(&self) -> impl Iterator<Item = &Listed> {
        self.rules.iter()
    }

    /// The same, to change what is known of them.
    pub(super) fn rules_mut(&mut self) -> impl Iterator<Item = &mut Listed> {
        self.rules.iter_mut()
    }

    /// The rules of our own chain.
    pub fn ours(&self) -> impl Iterator<Item = &Listed> {
        self.rules.iter().filter(|one| one.rule.chain == CHAIN)
    }

    /// The rules of our chain for parked ports.
    pub fn parked(&self) -> impl Iterator<Item = &Listed> {
        self.rules.iter().filter(|one| one.rule.chain == PARK_CHAIN)
    }

    /// The jumps from a hook to our chain, with our condition and nothing else.
    pub fn jumps(&self, hook: &str) -> impl Iterator<Item = &Listed> {
        let jump = jump(hook);
        self.rules.iter().filter(move |one| one.rule == jump)
    }

    /// The jumps to our chain for parked ports.
    pub fn park_jumps(&self) -> impl Iterator<Item = &Listed> {
        let jump = park_jump();
        self.rules.iter().filter(move |one| one.rule == jump)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n";

    #[test]
    fn reads_past_the_warning_about_legacy_tables() {
        let text = format!("# Warning: iptables-legacy tables present\n{EMPTY}");
        assert_eq!(Listing::parse(&text).unwrap().rules().count(), 0);
    }

    #[test]
    fn a_listing_without_the_hooks_is_no_listing() {
        assert!(Listing::parse("").is_err());
        assert!(Listing::parse("-P PREROUTING ACCEPT\n").is_err());
        assert!(Listing::parse(&format!("{EMPTY}iptables: Permission denied\n")).is_err());
        assert!(Listing::parse(&format!("{EMPTY}-A HAPROXY-GATE -j RETURN\n")).is_err());
    }
}
