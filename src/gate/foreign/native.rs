//! Native nft rules (`nft -j list ruleset`, libnftables-json(5)), for one port. iptables does
//! not show them as they are.

use super::walk::{Chains, Matches, Step, Target, named, redirects};
use super::{Foreign, once};
use crate::gate::{CHAIN, Gate};
use serde_json::Value;
use std::collections::BTreeMap;

/// The native rules of this host.
#[derive(Debug, Clone, Default)]
pub struct Native {
    objects: Vec<Value>,
    /// Each rule's text, by `FAMILY TABLE CHAIN handle N`.
    texts: BTreeMap<String, String>,
}

impl Native {
    /// Reads what `nft -j list ruleset` and `nft -a list ruleset` print.
    ///
    /// # Errors
    ///
    /// The first is not what nft prints.
    pub fn parse(json: &str, text: &str) -> Result<Native, String> {
        let mut whole: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let Some(Value::Array(objects)) = whole.get_mut("nftables").map(Value::take) else {
            return Err("no list `nftables` in it".to_owned());
        };
        let (mut table, mut chain, mut texts) = (String::new(), "", BTreeMap::new());
        for line in text.lines() {
            let (rule, handle) = line
                .trim()
                .rsplit_once("# handle ")
                .unwrap_or((line.trim(), ""));
            match rule.trim_end_matches(['{', ' ']).split_once(' ') {
                Some(("table", name)) if rule.ends_with("{ ") => table = name.to_owned(),
                Some(("chain", name)) if rule.ends_with("{ ") => chain = name,
                _ => {
                    let place = format!("{table} {chain} handle {handle}");
                    texts.insert(place, rule.trim_end().to_owned());
                }
            }
        }
        Ok(Native { objects, texts })
    }

    fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects
            .iter()
            .filter_map(move |object| object.get(kind))
    }

    fn chains(&self, table: &str, port: u16) -> Chains {
        let mut chains = Chains::new();
        let rules = self.all("rule").filter(|rule| place(rule) == table);
        for rule in rules.filter(|rule| text(rule, "chain") != CHAIN) {
            let steps = chains.entry(text(rule, "chain").to_owned()).or_default();
            let place = format!("{table} {} handle {}", text(rule, "chain"), rule["handle"]);
            let removal = format!("nft delete rule {place}");
            let words = self.texts.get(&place).map_or("", String::as_str);
            let rule_text = format!("nft rule {place}: {words}");
            steps.extend(steps_of(rule, port).into_iter().map(|judged| Step {
                matches: judged.0,
                names_port: judged.1,
                target: judged.2,
                rule: rule_text.trim_end_matches([':', ' ']).to_owned(),
                removal: removal.clone(),
            }));
        }
        chains
    }
}

/// The native rules that redirect the status port of `gate`, or may.
pub fn native(rules: &Native, gate: &Gate) -> Vec<Foreign> {
    let hooks = ["prerouting", "output"];
    let bases = rules.all("chain").filter_map(|chain| {
        let hook = hooks.iter().position(|hook| *hook == text(chain, "hook"))?;
        (text(chain, "type") == "nat").then_some((hook, chain))
    });
    once(bases.flat_map(|(hook, base)| {
        let chains = rules.chains(&place(base), gate.status_port);
        let met = Foreign::behind(hook, redirects(&chains, text(base, "name")));
        met.chain(Foreign::behind(0, named(&chains)))
            .collect::<Vec<_>>()
    }))
}

/// Family and table.
fn place(object: &Value) -> String {
    format!("{} {}", text(object, "family"), text(object, "table"))
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}

type Judged = (Matches, bool, Target);

/// One step, or several if the rule has a verdict map.
fn steps_of(rule: &Value, port: u16) -> Vec<Judged> {
    let (mut matches, mut names_port) = (Matches::Yes, false);
    for statement in rule["expr"].as_array().into_iter().flatten() {
        if let Some(target) = target(statement) {
            return vec![(matches, names_port, target)];
        }
        if let Some(to) = statement.get("redirect").or(statement.get("dnat")) {
            let maps = ["addr", "port"].map(|part| to[part].get("map"));
            for map in maps.into_iter().flatten() {
                names_port |= is_port(&map["key"]);
                matches = matches.min(key_matches(&map["key"], &map["data"], port));
            }
            return vec![(matches, names_port, Target::Redirect)];
        }
        if let Some(map) = statement.get("vmap") {
            let pairs = map["data"]["set"].as_array().cloned().unwrap_or_default();
            let pairs = pairs.iter().map(|pair| {
                let chosen = is_port(&map["key"]).then(|| has_port(&pair[0], port));
                let chosen = chosen.flatten().map_or(Matches::Maybe, Matches::from);
                let target = target(&pair[1]).unwrap_or(Target::End);
                (chosen.min(matches), names_port, target)
            });
            return pairs.collect();
        }
        if let Some(asked) = statement.get("match") {
            names_port |= is_port(&asked["left"]);
            let is_negated = text(asked, "op") == "!=";
            matches = matches.min(match text(&asked["left"]["payload"], "protocol") {
                // A condition of any kind.
                "udp" | "sctp" | "icmp" | "icmpv6" => Matches::No,
                _ => match_matches(asked, port).negated(is_negated),
            });
        } else if statement.get("xt").is_some() || statement.get("limit").is_some() {
            matches = matches.min(Matches::Maybe);
        }
    }
    vec![(matches, names_port, Target::GoOn)]
}

fn target(statement: &Value) -> Option<Target> {
    let (kind, what) = statement.as_object()?.iter().next()?;
    let chain = || text(what, "target").to_owned();
    match kind.as_str() {
        "accept" | "drop" | "reject" | "queue" => Some(Target::End),
        "return" => Some(Target::Return),
        "continue" => Some(Target::GoOn),
        "jump" => Some(Target::Jump(chain())),
        "goto" => Some(Target::Goto(chain())),
        _ => None,
    }
}

fn match_matches(asked: &Value, port: u16) -> Matches {
    let (left, right) = (&asked["left"], &asked["right"]);
    let lists = |word: &str| right == word || right.to_string().contains(&format!("\"{word}\""));
    let protocol =
        text(&left["meta"], "key") == "l4proto" || text(&left["payload"], "field") == "protocol";
    match () {
        () if is_port(left) => has_port(right, port).map_or(Matches::Maybe, Matches::from),
        () if protocol => (lists("tcp") || right == 6).into(),
        () if text(&left["ct"], "key") == "state" => lists("new").into(),
        () if text(&left["fib"], "result") == "type" => lists("local").into(),
        () => Matches::Maybe,
    }
}

fn is_port(left: &Value) -> bool {
    let payload = &left["payload"];
    matches!(text(payload, "protocol"), "tcp" | "th") && text(payload, "field") == "dport"
}

/// A map names the target. A port that is none of its keys is not redirected.
fn key_matches(key: &Value, map: &Value, port: u16) -> Matches {
    let Some(pairs) = map["set"].as_array().filter(|_| is_port(key)) else {
        return Matches::Maybe;
    };
    let each = pairs
        .iter()
        .map(|pair| has_port(&pair[0], port).map_or(Matches::Maybe, Matches::from));
    each.max().unwrap_or(Matches::No)
}

/// None: a named set, or an unknown form.
fn has_port(right: &Value, port: u16) -> Option<bool> {
    if let Some(number) = right.as_u64() {
        return Some(number == u64::from(port));
    }
    if let Some([low, high]) = right["range"].as_array().map(Vec::as_slice) {
        return Some((low.as_u64()?..=high.as_u64()?).contains(&u64::from(port)));
    }
    let all: Option<Vec<bool>> = right["set"]
        .as_array()?
        .iter()
        .map(|one| has_port(one, port))
        .collect();
    all.map(|all| all.contains(&true))
}
