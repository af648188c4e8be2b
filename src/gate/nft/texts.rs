//! The rules as `nft -a list ruleset` prints them for people.

use std::collections::BTreeMap;

/// Each rule's text, by `FAMILY TABLE CHAIN handle N`.
pub(super) fn texts(text: &str) -> BTreeMap<String, String> {
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
    texts
}
