//! Native rules as `nft -j list ruleset` prints them (libnftables-json(5)). iptables does not show
//! them as they are.

use super::statements::read;
use super::texts::texts;
use crate::gate::listing::Listing;
use crate::gate::rule::{Hook, Listed, Rule};
use serde_json::Value;

/// The tables of this host that translate addresses.
#[derive(Debug, Clone, Default)]
pub struct Native {
    pub(in crate::gate) tables: Vec<NativeTable>,
}

/// One table with base chains that may redirect a check.
#[derive(Debug, Clone)]
pub struct NativeTable {
    /// `ip`, `ip6` or `inet`.
    pub family: String,
    /// Its name.
    pub name: String,
    /// False: it may be dormant, and then the kernel asks none of its rules.
    pub is_in_force: bool,
    bases: Vec<(Hook, String)>,
    pub(in crate::gate) listing: Listing,
}

impl Native {
    /// Reads what `nft -j list ruleset` prints.
    ///
    /// # Errors
    ///
    /// It is not what nft prints.
    pub fn parse(json: &str) -> Result<Native, String> {
        let whole: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let Some(objects) = whole["nftables"].as_array() else {
            return Err("no list `nftables` in it".to_owned());
        };
        let objects = Objects(objects);
        let tables = objects.all("table").map(|table| objects.table(table));
        let tables = tables.filter(|table| !table.bases.is_empty());
        Ok(Native {
            tables: tables.collect(),
        })
    }

    /// Those that have a base chain of nat.
    pub fn tables(&self) -> impl Iterator<Item = &NativeTable> {
        self.tables.iter()
    }

    /// Whether a rule redirects anything.
    pub(super) fn redirects(&self) -> bool {
        let mut rules = self.tables.iter().flat_map(|table| table.listing.rules());
        rules.any(|listed| listed.rule.redirects())
    }

    /// Adds each rule's text, as `nft -a list ruleset` prints it.
    pub fn with_texts(mut self, text: &str) -> Native {
        let texts = texts(text);
        for table in &mut self.tables {
            let of_table = format!("{} {}", table.family, table.name);
            for listed in table.listing.rules_mut() {
                let place = place(&of_table, listed);
                listed.text = texts.get(&place).cloned().unwrap_or_default();
            }
        }
        self
    }
}

impl NativeTable {
    /// The chains that the kernel asks at a hook, by name.
    pub fn bases(&self) -> impl Iterator<Item = (Hook, &str)> {
        self.bases.iter().map(|(hook, name)| (*hook, name.as_str()))
    }

    /// `FAMILY TABLE CHAIN handle N` of a rule.
    pub(in crate::gate) fn place(&self, listed: &Listed) -> String {
        place(&format!("{} {}", self.family, self.name), listed)
    }

    /// A rule for the operator.
    pub(in crate::gate) fn text(&self, listed: &Listed) -> String {
        let text = format!("nft rule {}: {}", self.place(listed), listed.text);
        text.trim_end_matches([':', ' ']).to_owned()
    }

    /// The command that removes a rule.
    pub(in crate::gate) fn removal(&self, listed: &Listed) -> String {
        format!("nft delete rule {}", self.place(listed))
    }
}

fn place(table: &str, listed: &Listed) -> String {
    let handle = listed.handle.unwrap_or_default();
    format!("{table} {} handle {handle}", listed.rule.chain)
}

/// The objects of a listing.
struct Objects<'a>(&'a [Value]);

impl<'a> Objects<'a> {
    fn all(&self, kind: &'static str) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.0.iter().filter_map(move |object| object.get(kind))
    }

    /// Those of a table.
    fn of(
        &self,
        kind: &'static str,
        table: &'a Value,
    ) -> impl Iterator<Item = &'a Value> + use<'a> {
        let is_of = |one: &Value, table: &Value| {
            one["family"] == table["family"] && one["table"] == table["name"]
        };
        self.all(kind).filter(move |one| is_of(one, table))
    }

    /// What a named map of a table has now.
    fn elements(&self, table: &'a Value, map: &str) -> Option<&'a Value> {
        let mut maps = self.of("map", table);
        Some(&maps.find(|one| one["name"] == map)?["elem"])
    }

    fn table(&self, table: &'a Value) -> NativeTable {
        let chains = || self.of("chain", table);
        let base = |chain: &Value| {
            let hook = match text(chain, "hook") {
                "prerouting" => Hook::Prerouting,
                "output" => Hook::Output,
                _ => return None,
            };
            (chain["type"] == "nat").then(|| (hook, text(chain, "name").to_owned()))
        };
        let names = chains().map(|chain| text(chain, "name").to_owned());
        NativeTable {
            family: text(table, "family").to_owned(),
            name: text(table, "name").to_owned(),
            is_in_force: is_in_force(&table["flags"]),
            bases: chains().filter_map(base).collect(),
            listing: Listing::new(
                names.collect(),
                self.of("rule", table)
                    .flat_map(|rule| rules(rule, |name| self.elements(table, name)))
                    .collect(),
            ),
        }
    }
}

/// nft 1.0.6 prints the table's name in place of `dormant`.
fn is_in_force(flags: &Value) -> bool {
    let is_harmless = |flag: &Value| flag == "owner" || flag == "persist";
    match flags {
        Value::Null => true,
        Value::Array(flags) => flags.iter().all(is_harmless),
        flag => is_harmless(flag),
    }
}

/// One rule, or several if it has a map of verdicts.
fn rules<'a>(
    rule: &'a Value,
    elements: impl Fn(&str) -> Option<&'a Value>,
) -> impl Iterator<Item = Listed> {
    let statements = rule["expr"].as_array().map(Vec::as_slice);
    let steps = read(statements.unwrap_or_default(), elements);
    steps.into_iter().map(|(conditions, target)| Listed {
        rule: Rule {
            chain: text(rule, "chain").to_owned(),
            conditions,
            comment: None,
            target,
        },
        text: String::new(),
        handle: rule["handle"].as_u64(),
    })
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}
