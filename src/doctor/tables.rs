//! Checks which nat tables the rules are in, and which other programs have rules in nat tables.

use super::Point;
use super::check::{Check, checks};
use crate::gate::{Foreign, Variant};

checks! {
    KERNEL "iptables": "the gates are rules of iptables' nat tables";
    MIXED "mixed-tables":
        "the kernel asks the nat tables of both variants: what one redirects, the other can't close, and \
         `iptables -S` shows one of them alone";
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
    /// Rules of those tables that certainly redirect one of our status ports.
    pub shadowing: Vec<Foreign>,
}

pub(super) fn points(tables: &Tables) -> Vec<Point> {
    match &tables.used {
        Err(why) => vec![unread(why)],
        Ok(used) => {
            let kernel = format!("{}, Linux {}", program(used.variant), tables.kernel);
            let mut points = vec![KERNEL.ok("", format!("rules: {kernel}"))];
            points.extend(mixed(used));
            points
        }
    }
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
    KERNEL.error("", format!("rules: {why}"), fix)
}

fn mixed(used: &Used) -> Vec<Point> {
    if !used.shadowing.is_empty() {
        let point = |one: &Foreign| {
            let found = format!(
                "rules: the other variant redirects a status port, too: {}",
                one.rule
            );
            MIXED.error("", found, one.removal.clone().unwrap_or_default())
        };
        return used.shadowing.iter().map(point).collect();
    }
    match used.beside.as_slice() {
        [] => vec![MIXED.ok("", "rules: none in the nat tables of the other variant")],
        beside => {
            let said = |(program, rules): &(&str, usize)| format!("{program} has {rules}");
            let said: Vec<String> = beside.iter().map(said).collect();
            let found = format!(
                "rules: the gates are in {}, and there are others beside: {}",
                program(used.variant),
                said.join(", ")
            );
            let see = beside
                .iter()
                .map(|(program, _)| format!("{program} -t nat -S"));
            let see: Vec<String> = see.collect();
            vec![MIXED.warning(
                "",
                found,
                format!(
                    "look at them ({}), move them to {}, or set [agent] iptables to theirs",
                    see.join("; "),
                    program(used.variant)
                ),
            )]
        }
    }
}

fn program(variant: Variant) -> &'static str {
    match variant {
        Variant::Nft => "iptables-nft",
        Variant::Legacy => "iptables-legacy",
    }
}
