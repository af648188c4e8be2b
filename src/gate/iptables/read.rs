//! A rule as `iptables -S` prints it, of either variant.

use super::write::OPENS;
use crate::gate::rule::{Condition, Destination, Listed, Ports, Rule, Subject, Target};
use std::ops::RangeInclusive;

/// Targets after which the kernel goes on with the next rule.
const GO_ON: &str = "LOG NFLOG ULOG MARK CONNMARK SECMARK CT SET TRACE AUDIT TCPMSS";

/// Modules that match nothing by themselves.
const PLAIN: &str = "tcp multiport comment addrtype conntrack state";

/// Reads what follows the chain's name. A target has the name of a chain or of an extension.
pub(in crate::gate) fn read(chain: &str, text: &str, is_chain: impl Fn(&str) -> bool) -> Listed {
    let mut rule = Rule::new(chain, [], None, Target::Continue(String::new()));
    let all = words(text);
    let mut words = all.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        let (is_negated, option) = match word {
            "!" => (true, words.next().unwrap_or_default()),
            option => (false, option),
        };
        let value = match option {
            "-j" | "-g" => {
                let named: Vec<&str> = words.collect();
                rule.target = target(&named, option == "-g", is_chain);
                break;
            }
            // A comment may begin with any word.
            "--comment" => words.next().unwrap_or_default().to_owned(),
            _ => {
                let is_value = |word: &&str| !word.starts_with('-') && *word != "!";
                let values = std::iter::from_fn(|| words.next_if(is_value));
                values.collect::<Vec<_>>().join(" ")
            }
        };
        match option {
            "--comment" if !is_negated && rule.comment.is_none() => rule.comment = Some(value),
            "-m" if !is_negated && PLAIN.split(' ').any(|module| module == value) => {}
            option => rule.conditions.push(Condition {
                is_negated,
                subject: subject(option, &value),
            }),
        }
    }
    Listed {
        rule,
        text: text.to_owned(),
        handle: None,
    }
}

fn subject(option: &str, value: &str) -> Subject {
    let list = || value.split(',').map(str::to_lowercase).collect();
    match option {
        "-p" => Subject::Protocol(list()),
        "--dport" | "--dports" => Subject::Port(ports(value, false)),
        // The source port may be the one named.
        "--ports" => Subject::Port(ports(value, true)),
        "--ctstate" | "--state" => Subject::State(list()),
        "--dst-type" => Subject::DestinationType(list()),
        "--tcp-flags" if value == OPENS => Subject::OpensConnection,
        _ => Subject::Other(format!("{option} {value}").trim_end().to_owned()),
    }
}

fn ports(list: &str, either_end: bool) -> Ports {
    let ranges: Vec<Option<RangeInclusive<u16>>> = list.split(',').map(range).collect();
    Ports {
        may_be_others: either_end || ranges.contains(&None),
        known: ranges.into_iter().flatten().collect(),
    }
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once(':').unwrap_or((text, text));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

fn target(words: &[&str], goes: bool, is_chain: impl Fn(&str) -> bool) -> Target {
    let text = || words.join(" ");
    match words {
        ["REDIRECT", "--to-ports", port] if let Ok(port) = port.parse() => {
            Target::Redirect(Destination::Port(port))
        }
        ["DNAT", "--to-destination", to] if let Ok(to) = to.parse() => {
            Target::Redirect(Destination::Address(to))
        }
        ["REDIRECT" | "DNAT" | "NETMAP", ..] => Target::Translate(text()),
        ["RETURN", ..] => Target::Return,
        [chain] if is_chain(chain) && goes => Target::Goto(text()),
        [chain] if is_chain(chain) => Target::Jump(text()),
        [name, ..] if GO_ON.split(' ').any(|one| one == *name) => Target::Continue(text()),
        _ => Target::End(text()),
    }
}

/// The words of a rule; iptables quotes a comment that holds a colon or a space, and sets a
/// backslash before a quote in it.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            '\\' if quoted => word.get_or_insert_default().extend(letters.next()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        read("X", text, |name| name == "Y").rule
    }

    #[test]
    fn a_quoted_comment_is_one_word_and_a_negated_condition_is_negated() {
        let rule = rule(r#"-p tcp ! --dport 5 -m comment --comment "a: b" -j RETURN"#);
        assert_eq!(rule.comment.as_deref(), Some("a: b"));
        assert_eq!(rule.conditions.len(), 2);
        assert!(rule.conditions[1].is_negated);
        assert_eq!(rule.conditions[1].subject, Subject::Port(5.into()));
        assert_eq!(rule.target, Target::Return);
    }

    #[test]
    fn a_quote_in_a_comment_hides_nothing_of_the_rule() {
        for (quoted, comment) in [(r#""1\" \\ it\'s""#, r#"1" \ it's"#), (r#""""#, "")] {
            let rule = rule(&format!("-m comment --comment {quoted} -j REDIRECT"));
            assert_eq!(rule.comment.as_deref(), Some(comment));
            assert_eq!(rule.target, Target::Translate("REDIRECT".to_owned()));
        }
    }

    /// A rule that asks for more, or does more, is another rule.
    #[test]
    fn what_was_written_is_read_as_the_same_rule() {
        let ports = Subject::Port(ports("1:9,2000", false));
        let words = |all: &str| all.split(' ').map(str::to_owned).collect();
        let subjects = [
            Subject::Protocol(words("tcp")),
            Subject::Port(2000.into()),
            ports,
            Subject::State(words("new related")),
            Subject::DestinationType(words("local")),
            Subject::OpensConnection,
            Subject::Other("-i eth0".to_owned()),
        ];
        let mut made = Rule::new("X", subjects, Some("a:b".to_owned()), Target::Return);
        made.conditions[1].is_negated = true;
        for target in [
            Target::Redirect(Destination::Port(1000)),
            Target::Redirect(Destination::Address("172.17.0.2:8080".parse().unwrap())),
            Target::Redirect(Destination::Address("[fd00::2]:8080".parse().unwrap())),
            Target::Translate("DNAT --to-destination 172.17.0.2".to_owned()),
            Target::Translate("DNAT --to-destination 10.0.0.1-10.0.0.9:80".to_owned()),
            Target::Translate("REDIRECT --to-ports 1000 --random".to_owned()),
            Target::Jump("Y".to_owned()),
            Target::Goto("Y".to_owned()),
            Target::Return,
            Target::Continue("LOG".to_owned()),
            Target::End("ACCEPT".to_owned()),
        ] {
            made.target = target;
            assert_eq!(rule(&made.to_string()), made);
        }
    }
}
