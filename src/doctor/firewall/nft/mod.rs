//! Native nft rules, as `nft -j list ruleset` prints them (libnftables-json(5)), judged for one
//! packet. A statement or a match that is not known here may apply or not.

mod known;

use super::leads::leads;
use super::walk::{Applies, Base, Chains, Packet, Step, Verdict};
use known::{Known, Sets};
use serde_json::Value;

/// What `nft -j list ruleset` printed.
#[derive(Debug, Clone)]
pub struct Ruleset {
    objects: Vec<Value>,
}

/// One table that filters what comes in.
pub struct Table {
    pub chains: Chains,
    pub base: Base,
    /// How the mend names the chain: `inet filter input`.
    pub place: String,
    priority: i64,
}

/// A native rule that leads a port elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// `nft rule FAMILY TABLE CHAIN handle N`.
    pub rule: String,
    /// Or it can't be told.
    pub surely: bool,
}

impl Redirect {
    /// The line that removes it.
    pub fn removal(&self) -> String {
        self.rule.replacen("nft rule", "nft delete rule", 1)
    }

    /// The line that shows it, and what stands before it.
    pub fn sight(&self) -> String {
        let chain = self.rule.replacen("nft rule", "nft -a list chain", 1);
        chain
            .split_once(" handle ")
            .map_or(chain.clone(), |(chain, _)| chain.to_owned())
    }
}

impl Ruleset {
    /// Err: it is not what nft prints.
    pub fn parse(text: &str) -> Result<Ruleset, String> {
        let mut whole: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match whole["nftables"].take() {
            Value::Array(objects) => Ok(Ruleset { objects }),
            _ => Err("no list `nftables` in it".to_owned()),
        }
    }

    fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects
            .iter()
            .filter_map(move |object| object.get(kind))
    }

    /// iptables-nft has made it: its matches are not told here, `iptables-nft -S` tells them.
    pub fn is_of_iptables(&self, family: &str) -> bool {
        let mut rules = self.all("rule");
        rules.any(|rule| {
            let made = text(rule, "family") == family && text(rule, "table") == "filter";
            made && statements(rule).any(|statement| statement.get("xt").is_some())
        })
    }

    /// The tables that filter what comes in, in the order in which they are asked. Left out is
    /// what `skip` names: FAMILY of a table `filter` that iptables-nft keeps.
    pub fn tables(&self, packet: &Packet, skip: impl Fn(&str) -> bool) -> Vec<Table> {
        let families = families(packet);
        let bases = self.all("chain").filter(|chain| {
            let family = text(chain, "family");
            let filters = text(chain, "hook") == "input" && text(chain, "type") == "filter";
            let skipped = text(chain, "table") == "filter" && text(chain, "name") == "INPUT";
            filters && families.contains(&family) && !(skipped && skip(family))
        });
        let mut tables: Vec<Table> = bases.map(|base| self.table(base, packet)).collect();
        tables.sort_by_key(|table| table.priority);
        tables
    }

    /// Native rules that lead the packet elsewhere, or may, by the way from the nat chains that
    /// it meets. iptables does not show them as they are.
    pub fn redirects(&self, packet: &Packet) -> Vec<Redirect> {
        // What this host sends to itself is led on its way out, and not once more on its way in.
        let hooks: &[&str] = match packet.interface.as_deref() {
            Some("lo") => &["output"],
            Some(_) => &["prerouting"],
            None => &["prerouting", "output"],
        };
        let families = families(packet);
        let bases = self.all("chain").filter(|chain| {
            let nat = text(chain, "type") == "nat" && hooks.contains(&text(chain, "hook"));
            nat && families.contains(&text(chain, "family"))
        });
        let redirects = bases.flat_map(|base| {
            let chains = self.table(base, packet).chains;
            // Of two hooks one is the packet's: a balancer is elsewhere mostly.
            let met = hooks.first() == Some(&text(base, "hook"));
            let led = leads(&chains, text(base, "name")).into_iter();
            led.map(move |(rule, applies)| Redirect {
                rule,
                surely: met && applies == Applies::Yes,
            })
        });
        redirects.collect()
    }

    fn sets<'a>(&'a self, of_table: impl Fn(&&'a Value) -> bool) -> Sets<'a> {
        let sets = self.all("set").chain(self.all("map")).filter(of_table);
        Sets(sets.map(|set| (text(set, "name"), &set["elem"])).collect())
    }

    fn table(&self, base: &Value, packet: &Packet) -> Table {
        let of_table = |object: &&Value| place(object) == place(base);
        let sets = self.sets(of_table);
        let mut chains = Chains::new();
        for rule in self.all("rule").filter(of_table) {
            let steps = chains.entry(text(rule, "chain").to_owned()).or_default();
            steps.extend(steps_of(rule, &sets, packet));
        }
        let (name, policy) = (text(base, "name"), text(base, "policy"));
        let place = format!("{} {} {name}", text(base, "family"), text(base, "table"));
        Table {
            chains,
            base: Base {
                chain: name.to_owned(),
                policy: if policy == "drop" {
                    Verdict::Drop
                } else {
                    Verdict::Accept
                },
                text: format!("nft chain {place}: policy {policy}"),
            },
            place,
            priority: base["prio"].as_i64().unwrap_or_default(),
        }
    }
}

/// Statements that lead a connection to another port or host.
const LEADS: [&str; 2] = ["redirect", "dnat"];

/// Family and table.
fn place(object: &Value) -> (&str, &str) {
    (text(object, "family"), text(object, "table"))
}

/// As nft's commands name it.
fn chain_of(rule: &Value) -> String {
    ["family", "table", "chain"]
        .map(|key| text(rule, key))
        .join(" ")
}

/// Those whose tables a packet meets.
fn families(packet: &Packet) -> [&'static str; 2] {
    match packet.is_v6() {
        true => ["ip6", "inet"],
        false => ["ip", "inet"],
    }
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}

fn statements(rule: &Value) -> impl Iterator<Item = &Value> {
    rule["expr"].as_array().into_iter().flatten()
}

/// One step; several where a verdict map stands in the rule.
fn steps_of(rule: &Value, sets: &Sets, packet: &Packet) -> Vec<Step> {
    let text = format!("nft rule {} handle {}", chain_of(rule), rule["handle"]);
    let step = |applies, verdict| Step {
        applies,
        verdict,
        text: text.clone(),
    };
    let mut applies = Applies::Yes;
    for statement in statements(rule) {
        if let Some(verdict) = verdict(statement) {
            return vec![step(applies, verdict)];
        }
        if let Some(to) = LEADS.iter().find_map(|kind| statement.get(kind)) {
            let led = ["addr", "port"].map(|part| keys_apply(&to[part], sets, packet));
            return vec![step(applies.min(led[0]).min(led[1]), Verdict::Lead)];
        }
        if let Some(map) = statement.get("vmap") {
            let known = Known::of(&map["key"], packet);
            let pairs = sets.elements(&map["data"]).into_iter().map(|pair| {
                let chosen = known.is(&pair[0], sets).min(applies);
                step(chosen, verdict(&pair[1]).unwrap_or(Verdict::Unknown))
            });
            return pairs.collect();
        }
        applies = applies.min(statement_applies(statement, sets, packet));
    }
    vec![step(applies, Verdict::GoOn)]
}

/// Where to is looked up in a map: what is none of its keys is not led.
fn keys_apply(to: &Value, sets: &Sets, packet: &Packet) -> Applies {
    let Some(map) = to.get("map") else {
        return Applies::Yes;
    };
    let known = Known::of(&map["key"], packet);
    let Some(elements) = sets.listed(&map["data"]) else {
        return Applies::Maybe;
    };
    let each = elements.into_iter().map(|pair| known.is(&pair[0], sets));
    each.max().unwrap_or(Applies::No)
}

fn verdict(statement: &Value) -> Option<Verdict> {
    let (kind, what) = statement.as_object()?.iter().next()?;
    let target = || text(what, "target").to_owned();
    Some(match kind.as_str() {
        "accept" => Verdict::Accept,
        "drop" => Verdict::Drop,
        "reject" => Verdict::Refuse,
        "return" => Verdict::Return,
        "continue" => Verdict::GoOn,
        "jump" => Verdict::Jump(target()),
        "goto" => Verdict::Goto(target()),
        "queue" => Verdict::Unknown,
        _ => return None,
    })
}

fn statement_applies(statement: &Value, sets: &Sets, packet: &Packet) -> Applies {
    if let Some(asked) = statement.get("match") {
        let known = Known::of(&asked["left"], packet);
        return match text(asked, "op") {
            // nft asks for the protocol or the family first, where the match implies it.
            _ if matches!(known, Known::NotThere) => Applies::No,
            "==" | "in" => known.is(&asked["right"], sets),
            "!=" => known.is(&asked["right"], sets).negated(),
            op => known.compares(op, &asked["right"]),
        };
    }
    let harmless = ["counter", "log", "mangle", "notrack", "comment"];
    match harmless.iter().any(|kind| statement.get(kind).is_some()) {
        true => Applies::Yes,
        false => Applies::Maybe,
    }
}

#[cfg(test)]
mod tests;
