//! A change as the arguments of iptables: `to_string()` gives the text, and the crate that starts
//! iptables splits it.

use crate::gate::rule::{Change, Condition, Destination, Listed, Rule, Subject, Target};
use std::fmt::{Display, Formatter, Result};
use std::ops::RangeInclusive;

/// The flags of a packet that opens a connection.
pub(super) const OPENS: &str = "FIN,SYN,RST,ACK SYN";

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Change::NewChain(chain) => write!(f, "-N {chain}"),
            Change::Insert(rule) => write!(f, "-I {} 1 {rule}", rule.chain),
            Change::Append(rule) => write!(f, "-A {} {rule}", rule.chain),
            Change::Delete(listed) => write!(f, "-D {} {}", listed.rule.chain, listed.text),
            Change::Flush(chain) => write!(f, "-F {chain}"),
            Change::DeleteChain(chain) => write!(f, "-X {chain}"),
        }
    }
}

/// As the listing has it.
impl Display for Listed {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "-A {} {}", self.rule.chain, self.text)
    }
}

/// What follows the chain in a call. A comment of ours needs no quotes.
impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.conditions
            .iter()
            .try_for_each(|one| write!(f, "{one} "))?;
        if let Some(comment) = &self.comment {
            write!(f, "-m comment --comment {comment} ")?;
        }
        write!(f, "{}", self.target)
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let not = if self.is_negated { "! " } else { "" };
        let listed = |words: &[String]| words.join(",").to_uppercase();
        match &self.subject {
            Subject::Protocol(names) => write!(f, "{not}-p {}", names.join(",")),
            Subject::Port(ports) => {
                let all: Vec<String> = ports.known.iter().map(range).collect();
                let (module, option) = match all.len() {
                    1 => ("tcp", "--dport"),
                    _ => ("multiport", "--dports"),
                };
                write!(f, "-m {module} {not}{option} {}", all.join(","))
            }
            Subject::State(states) => write!(f, "-m conntrack {not}--ctstate {}", listed(states)),
            Subject::DestinationType(kinds) => {
                write!(f, "-m addrtype {not}--dst-type {}", listed(kinds))
            }
            Subject::OpensConnection => write!(f, "-m tcp {not}--tcp-flags {OPENS}"),
            Subject::Other(text) => write!(f, "{not}{text}"),
        }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Target::Redirect(Destination::Port(port)) => {
                write!(f, "-j REDIRECT --to-ports {port}")
            }
            Target::Redirect(Destination::Address(to)) => {
                write!(f, "-j DNAT --to-destination {to}")
            }
            Target::Jump(chain) => write!(f, "-j {chain}"),
            Target::Goto(chain) => write!(f, "-g {chain}"),
            Target::Return => write!(f, "-j RETURN"),
            Target::Translate(text) | Target::Continue(text) | Target::End(text) => {
                write!(f, "-j {text}")
            }
        }
    }
}

fn range(ports: &RangeInclusive<u16>) -> String {
    let (first, last) = (ports.start(), ports.end());
    match first == last {
        true => first.to_string(),
        false => format!("{first}:{last}"),
    }
}
