//! The statements of one native rule, as the same conditions and targets that iptables' rules have.

use super::ports::{compared, is_port, merged, ports, unknown};
use crate::gate::rule::{Condition, Destination, Subject, Target};
use serde_json::Value;
use std::net::SocketAddr;

/// What a rule asks, and what it does then.
type Step = (Vec<Condition>, Target);

/// One step, or several for a map of verdicts.
pub(super) fn read<'a>(
    statements: &[Value],
    elements: impl Fn(&str) -> Option<&'a Value>,
) -> Vec<Step> {
    let mut conditions: Vec<Condition> = Vec::new();
    for statement in statements {
        let (kind, what) = statement
            .as_object()
            .and_then(|object| object.iter().next())
            .map_or(("", statement), |(kind, what)| (kind.as_str(), what));
        match kind {
            // They ask nothing.
            "counter" | "log" | "mangle" => {}
            "match" => conditions.push(condition(what)),
            "redirect" | "dnat" => {
                let maps = ["addr", "port"].map(|part| what[part].get("map"));
                let keys = maps.into_iter().flatten().map(key);
                conditions.extend(keys.map(Condition::from));
                return vec![(conditions, translation(kind, what))];
            }
            "vmap" => return verdicts(what, &conditions, elements),
            _ => match target(statement) {
                Some(target) => return vec![(conditions, target)],
                // A limit, a quota, a match of iptables or anything newer.
                None => conditions.push(Subject::Other(kind.to_owned()).into()),
            },
        }
    }
    vec![(conditions, Target::Continue(String::new()))]
}

/// `redirect`, `redirect to :8080`, `dnat to 10.0.0.1`, `dnat to 10.0.0.1:80`.
fn translation(kind: &str, what: &Value) -> Target {
    let port = what["port"]
        .as_u64()
        .and_then(|port| u16::try_from(port).ok());
    let ip = what["addr"].as_str().and_then(|ip| ip.parse().ok());
    let range = [0, 1].map(|end| what["port"]["range"][end].as_u64());
    match (kind, ip, port) {
        ("redirect", ..)
            if let [Some(first), Some(last)] = range
                && what["flags"].is_null() =>
        {
            Target::Translate(format!("REDIRECT --to-ports {first}-{last}"))
        }
        ("redirect", _, Some(port)) => Target::Redirect(Destination::Port(port)),
        ("dnat", Some(ip), Some(port)) => {
            Target::Redirect(Destination::Address(SocketAddr::new(ip, port)))
        }
        ("dnat", Some(ip), None) if what["port"].is_null() => {
            Target::Translate(format!("dnat {ip}"))
        }
        _ if what["port"].is_null() && what["flags"].is_null() => {
            Target::Translate(kind.to_owned())
        }
        _ => Target::Translate(format!("{kind} {what}")),
    }
}

fn target(statement: &Value) -> Option<Target> {
    let (kind, what) = statement.as_object()?.iter().next()?;
    let chain = || text(what, "target").to_owned();
    match kind.as_str() {
        "accept" | "drop" | "reject" | "queue" => Some(Target::End(kind.clone())),
        "return" => Some(Target::Return),
        "continue" => Some(Target::Continue(kind.clone())),
        "jump" => Some(Target::Jump(chain())),
        "goto" => Some(Target::Goto(chain())),
        _ => None,
    }
}

/// One step for each key. A named map may have others in a moment, so its steps are unsure.
fn verdicts<'a>(
    map: &Value,
    conditions: &[Condition],
    elements: impl Fn(&str) -> Option<&'a Value>,
) -> Vec<Step> {
    let step = |subject: Subject, target: Option<Target>| {
        let conditions = [conditions, &[subject.into()]].concat();
        (conditions, target.unwrap_or(Target::End("vmap".to_owned())))
    };
    let of_key = |key: &Value| match is_port(&map["key"]) {
        true => Subject::Port(ports(key)),
        false => Subject::Other("vmap".to_owned()),
    };
    let unsure = || Condition::from(Subject::Other("vmap".to_owned()));
    match map["data"]["set"].as_array() {
        Some(pairs) => {
            let steps = pairs.iter();
            let steps = steps.map(|pair| step(of_key(&pair[0]), target(&pair[1])));
            steps.collect()
        }
        None => {
            let name = map["data"]
                .as_str()
                .unwrap_or_default()
                .trim_start_matches('@');
            let pairs = elements(name)
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            let calls = pairs.map(|pair| {
                let (conditions, target) = step(of_key(&pair[0]), target(&pair[1]));
                ([conditions, vec![unsure()]].concat(), target)
            });
            let may_end = step(Subject::Other("vmap".to_owned()), None);
            calls.chain([may_end]).collect()
        }
    }
}

/// A map names the place to go to. A port that is none of its keys goes nowhere.
fn key(map: &Value) -> Subject {
    let pairs = map["data"]["set"].as_array();
    match pairs {
        _ if !is_port(&map["key"]) => Subject::Other("map".to_owned()),
        Some(pairs) => Subject::Port(merged(pairs.iter().map(|pair| ports(&pair[0])))),
        None => Subject::Port(unknown()),
    }
}

fn condition(asked: &Value) -> Condition {
    let (left, right, op) = (&asked["left"], &asked["right"], text(asked, "op"));
    let subject = match op {
        "==" | "!=" => equals(left, right),
        // So nft writes one of several bits.
        "in" if left.get("ct").is_some() => equals(left, right),
        op if is_port(left) => Subject::Port(compared(op, right)),
        _ => other(left),
    };
    Condition {
        is_negated: op == "!=",
        // A condition on a port of UDP is one on the protocol, too: no TCP packet meets it.
        subject: match text(&left["payload"], "protocol") {
            protocol @ ("udp" | "sctp" | "icmp" | "icmpv6") => {
                return Subject::Protocol(vec![protocol.to_owned()]).into();
            }
            _ => subject,
        },
    }
}

fn equals(left: &Value, right: &Value) -> Subject {
    let protocol =
        text(&left["meta"], "key") == "l4proto" || text(&left["payload"], "field") == "protocol";
    match () {
        () if is_port(left) => Subject::Port(ports(right)),
        () if protocol => Subject::Protocol(words(right)),
        () if text(&left["ct"], "key") == "state" => Subject::State(words(right)),
        // Its source is the balancer.
        () if asks_whose_it_is(&left["fib"]) => Subject::DestinationType(words(right)),
        () => other(left),
    }
}

fn other(left: &Value) -> Subject {
    Subject::Other(left.to_string())
}

/// What kind of address the check goes to, and nothing beside.
fn asks_whose_it_is(fib: &Value) -> bool {
    let flags = &fib["flags"];
    let is_daddr = *flags == "daddr" || *flags == serde_json::json!(["daddr"]);
    is_daddr && text(fib, "result") == "type"
}

/// All words and numbers of a value, a list or a set.
fn words(right: &Value) -> Vec<String> {
    match right {
        Value::String(word) => vec![word.to_lowercase()],
        Value::Number(number) => vec![number.to_string()],
        Value::Array(all) => all.iter().flat_map(words).collect(),
        Value::Object(set) => set.values().flat_map(words).collect(),
        _ => Vec::new(),
    }
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}
