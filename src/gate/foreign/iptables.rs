//! A nat table as `iptables -S` prints it, for one port.

use super::walk::{Chains, Matches, Step, Target};
use crate::gate::{CHAIN, Gate, Iptables, Listing, Rule};

/// Targets after which the kernel goes on with the next rule.
const GO_ON: &str = "LOG NFLOG ULOG MARK CONNMARK SECMARK CT SET TRACE AUDIT TCPMSS";

/// Modules that match nothing by themselves.
const PLAIN: &str = "tcp multiport comment addrtype conntrack state";

pub(super) fn chains(iptables: &Iptables, listing: &Listing, gate: &Gate, in_use: bool) -> Chains {
    let comment = gate.comment();
    let is_ours = |rule: &Rule| {
        in_use && rule.chain == CHAIN && rule.value("--comment") == Some(comment.as_str())
    };
    let mut chains = Chains::new();
    for rule in listing.rules().filter(|rule| !is_ours(rule)) {
        let steps = chains.entry(rule.chain.clone()).or_default();
        steps.push(step(iptables, listing, rule, gate.status_port));
    }
    chains
}

fn step(iptables: &Iptables, listing: &Listing, rule: &Rule, port: u16) -> Step {
    let mut step = Step {
        matches: Matches::Yes,
        names_port: false,
        target: Target::GoOn,
        rule: rule.to_string(),
        removal: format!(
            "{} -t nat -D {} {}",
            iptables.program, rule.chain, rule.spec
        ),
    };
    let mut words = rule.words().iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        let (is_negated, option) = match word {
            "!" => (true, words.next().unwrap_or_default()),
            option => (false, option),
        };
        let value = match option {
            // A comment may begin with any word.
            "--comment" | "-j" | "-g" => words.next().unwrap_or_default().to_owned(),
            _ => {
                let is_value = |word: &&str| !word.starts_with('-') && *word != "!";
                let values = std::iter::from_fn(|| words.next_if(is_value));
                values.collect::<Vec<_>>().join(" ")
            }
        };
        if let "-j" | "-g" = option {
            step.target = target(&value, option == "-g", listing);
            break; // The words after it belong to the target.
        }
        let matches = option_matches(option, &value, port).negated(is_negated);
        step.names_port |= option.starts_with("--dport") || option == "--ports";
        step.matches = step.matches.min(matches);
    }
    step
}

fn target(name: &str, goes: bool, listing: &Listing) -> Target {
    match name {
        "REDIRECT" | "DNAT" | "NETMAP" => Target::Redirect,
        "RETURN" => Target::Return,
        chain if listing.has_chain(chain) && goes => Target::Goto(chain.to_owned()),
        chain if listing.has_chain(chain) => Target::Jump(chain.to_owned()),
        name if GO_ON.split(' ').any(|one| one == name) => Target::GoOn,
        _ => Target::End,
    }
}

/// The check is the first packet of a TCP connection to this port, at an address of this host.
fn option_matches(option: &str, value: &str, port: u16) -> Matches {
    let lists = |word: &str| value.split(',').any(|one| one == word);
    match option {
        "--comment" => Matches::Yes,
        "-m" if PLAIN.split(' ').any(|module| module == value) => Matches::Yes,
        "-p" => matches!(value, "tcp" | "6" | "all").into(),
        "--dport" | "--dports" => has_port(value, port).into(),
        // The check's source port may be the one named.
        "--ports" if has_port(value, port) => Matches::Yes,
        "--ctstate" | "--state" => lists("NEW").into(),
        "--dst-type" => lists("LOCAL").into(),
        "--tcp-flags" if value == "FIN,SYN,RST,ACK SYN" => Matches::Yes,
        _ => Matches::Maybe,
    }
}

fn has_port(ranges: &str, port: u16) -> bool {
    ranges.split(',').any(|range| {
        let (low, high) = range.split_once(':').unwrap_or((range, range));
        matches!((low.parse(), high.parse()), (Ok(low), Ok(high)) if (low..=high).contains(&port))
    })
}
