//! The output of `iptables -t nat -S` as data. Strict: a line that is no rule, chain or policy
//! makes the whole listing unusable, because "not listed" means "closed" to us.

use super::CHAIN;
use std::collections::BTreeMap;
use std::fmt;

/// A table of one family and one iptables variant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// With the policy of those that have one.
    chains: BTreeMap<String, Option<String>>,
    rules: Vec<Rule>,
}

/// One `-A CHAIN ...` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The chain it stands in.
    pub chain: String,
    /// The text after the chain, to the letter: `-D CHAIN` with it removes the rule.
    pub spec: String,
    words: Vec<String>,
}

impl Listing {
    /// Parses the nat table. Err: the line that it can't read, or the chain that is missing.
    pub fn parse(text: &str) -> Result<Listing, String> {
        let listing = Listing::parse_any(text)?;
        match super::HOOKS.iter().find(|hook| !listing.has_chain(hook)) {
            Some(hook) => Err(format!("no chain {hook} in the nat table's listing")),
            None => Ok(listing),
        }
    }

    /// Parses any table.
    pub fn parse_any(text: &str) -> Result<Listing, String> {
        let mut listing = Listing::default();
        for line in text.lines().map(str::trim) {
            match line.split_once(' ') {
                // iptables-nft warns in such a line that there are legacy tables.
                _ if line.is_empty() || line.starts_with('#') => {}
                Some(("-P" | "-N", chain)) => {
                    let (name, policy) = match chain.split_once(' ') {
                        Some((name, policy)) => (name, Some(first_word(policy))),
                        None => (chain, None),
                    };
                    listing.chains.insert(name.to_owned(), policy);
                }
                Some(("-A", rest)) => listing.rules.push(Rule::parse(rest)),
                _ => return Err(format!("not a line of `iptables -S`: {line:?}")),
            }
        }
        // Chains come first: without them the listing is not complete.
        if let Some(rule) = listing.rules.iter().find(|r| !listing.has_chain(&r.chain)) {
            return Err(format!(
                "a rule in a chain that is not listed: {:?}",
                rule.to_string()
            ));
        }
        Ok(listing)
    }

    /// Applies one of our calls to the listing.
    pub(super) fn apply(&mut self, call: &str) {
        match call.split_once(' ') {
            Some(("-N", chain)) => {
                self.chains.insert(chain.to_owned(), None);
            }
            Some(("-A", rest)) => self.rules.push(Rule::parse(rest)),
            Some(("-I", rest)) => self
                .rules
                .insert(0, Rule::parse(&rest.replacen(" 1 ", " ", 1))),
            Some(("-D", rest)) => {
                let gone = Rule::parse(rest);
                let is_it = |rule: &Rule| rule.chain == gone.chain && rule.words == gone.words;
                let place = self.rules.iter().position(is_it);
                place.map(|place| self.rules.remove(place));
            }
            _ => {}
        }
    }

    /// Whether the chain is there, with rules or without.
    pub fn has_chain(&self, chain: &str) -> bool {
        self.chains.contains_key(chain)
    }

    /// All rules, in the kernel's order.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The rules of our own chain.
    pub fn ours(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.chain == CHAIN)
    }

    /// The jumps from a hook to our chain, with our match and nothing else.
    pub fn jumps<'a>(&'a self, hook: &'a str) -> impl Iterator<Item = &'a Rule> {
        self.rules
            .iter()
            .filter(move |rule| rule.chain == hook && rule.says(super::JUMP))
    }
}

impl Rule {
    fn parse(rest: &str) -> Rule {
        let (chain, spec) = rest.split_once(' ').unwrap_or((rest, ""));
        Rule {
            chain: chain.to_owned(),
            spec: spec.to_owned(),
            words: words(spec),
        }
    }

    /// Whether it says the same as `spec`, quotes aside.
    pub fn says(&self, spec: &str) -> bool {
        self.words == words(spec)
    }

    /// Whether it jumps or goes to that chain. iptables prints that last.
    pub fn jumps_to(&self, chain: &str) -> bool {
        matches!(self.words.as_slice(), [.., how, to] if (how == "-j" || how == "-g") && to == chain)
    }

    /// Its words, those of a quoted comment as one.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The value of an option that is not negated with `!`.
    pub fn value(&self, option: &str) -> Option<&str> {
        let at = self.words.iter().position(|word| word == option)?;
        let negated = at > 0 && self.words[at - 1] == "!";
        match negated {
            true => None,
            false => self.words.get(at + 1).map(String::as_str),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-A {} {}", self.chain, self.spec)
    }
}

fn first_word(text: &str) -> String {
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// The words of a rule; iptables quotes a comment that holds a colon or a space, and sets a
/// backslash before a quote in it.
fn words(spec: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    let mut letters = spec.chars();
    while let Some(c) = letters.next() {
        match c {
            '"' => quoted = !quoted,
            '\\' if quoted => word.extend(letters.next()),
            ' ' if !quoted => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            _ => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
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

    #[test]
    fn a_quoted_comment_is_one_word_and_a_negated_value_is_none() {
        let rule = Rule::parse(r#"X -p tcp ! --dport 5 -m comment --comment "a: b" -j RETURN"#);
        assert_eq!(rule.value("--comment"), Some("a: b"));
        assert_eq!(rule.value("--dport"), None);
        assert_eq!(rule.value("-j"), Some("RETURN"));
    }

    #[test]
    fn a_quote_in_a_comment_hides_nothing_of_the_rule() {
        let rule = Rule::parse(r#"X --comment "1\" \\ it\'s" -j REDIRECT"#);
        assert_eq!(rule.value("--comment"), Some(r#"1" \ it's"#));
        assert_eq!(rule.value("-j"), Some("REDIRECT"));
    }
}
