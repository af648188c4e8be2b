//! Checks which nat tables the rules are in, and which other programs have rules in nat tables.

use super::Point;
use super::check::{Check, checks};
use crate::gate::Variant;

checks! {
    KERNEL "iptables": "the gates are rules of iptables' nat tables";
    MIXED "mixed-tables":
        "the kernel uses the nat tables of both variants: the agent can't close what a rule of the other variant \
         redirects, and `iptables -S` shows only one of them";
}

/// The facts about the nat tables.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    /// The release of Linux.
    pub kernel: String,
    /// The tables in use. Err: they can't be read, or there is no iptables.
    pub used: Result<Used, String>,
}

/// The tables in use, and the tables of the other variant.
#[derive(Debug, Clone)]
pub(crate) struct Used {
    pub variant: Variant,
    /// The programs of the other variant, and the number of rules in their nat tables.
    pub beside: Vec<(&'static str, usize)>,
}

pub(super) fn points(tables: &Tables) -> Vec<Point> {
    let used = match &tables.used {
        Ok(used) => used,
        Err(why) => return vec![unread(why)],
    };
    let kernel = format!("{}, Linux {}", program(used.variant), tables.kernel);
    let mut points = vec![KERNEL.ok(format!("rules: {kernel}"))];
    points.extend(MIXED.or_ok(
        mixed(used),
        "rules: none in the nat tables of the other variant",
    ));
    points
}

fn unread(why: &str) -> Point {
    let fix = match () {
        () if why.contains("apt install iptables") => "apt install iptables",
        () if why.contains("is incompatible") => {
            "a native table `ip nat` or `ip6 nat` keeps iptables-nft out: give that table another name (nft list \
             ruleset), or set [agent] iptables = \"legacy\""
        }
        () => "as root: iptables -t nat -S",
    };
    KERNEL.error(format!("rules: {why}"), fix)
}

fn mixed(used: &Used) -> Vec<Point> {
    if used.beside.is_empty() {
        return Vec::new();
    }
    let ours = program(used.variant);
    let beside = used.beside.iter();
    let others: Vec<String> = beside
        .clone()
        .map(|(program, rules)| format!("{program} has {rules}"))
        .collect();
    let show: Vec<String> = beside
        .map(|(program, _)| format!("{program} -t nat -S"))
        .collect();
    vec![MIXED.warning(
        format!(
            "rules: the gates are in {ours}, and other programs have rules, too: {}",
            others.join(", ")
        ),
        format!(
            "look at them ({}), move them to {ours}, or set [agent] iptables to their variant",
            show.join("; ")
        ),
    )]
}

fn program(variant: Variant) -> &'static str {
    match variant {
        Variant::Nft => "iptables-nft",
        Variant::Legacy => "iptables-legacy",
    }
}
