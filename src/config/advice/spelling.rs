//! Words and times in another spelling.

use super::near::near;
use nix::sys::signal::Signal;

/// Keys with a fixed set of words.
const WORDS: [&str; 8] = [
    "job",
    "on_drain_timeout",
    "on_stop",
    "iptables",
    "proxy",
    "verify",
    "source",
    "app",
];

/// `true` and its synonyms.
pub(super) fn flag(given: &str) -> Option<bool> {
    match given.to_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

pub(super) fn spelt(key: &str, given: &str) -> Vec<String> {
    let lower = given.to_lowercase();
    match key {
        "signal" => signal(given).into_iter().collect(),
        "memory" => memory(given).into_iter().collect(),
        "on_drain_timeout" if matches!(&lower[..], "continue" | "force" | "go on" | "ignore") => {
            vec!["proceed".to_owned()]
        }
        _ if WORDS.contains(&key) => vec![lower.replace(['_', ' '], "-"), lower],
        _ if given.starts_with(|c: char| c.is_ascii_digit()) => {
            time(&lower).into_iter().chain([lower]).collect()
        }
        _ => Vec::new(),
    }
}

/// By its number, its short name or its English one.
fn signal(given: &str) -> Option<String> {
    let name = given.to_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    let name = match name {
        "HANGUP" => "HUP",
        "INTERRUPT" => "INT",
        "TERMINATE" => "TERM",
        "USER1" => "USR1",
        "USER2" => "USR2",
        name => name,
    };
    let by_number = given.parse::<i32>().ok();
    let by_number = by_number.and_then(|number| Signal::try_from(number).ok());
    let signal = by_number.or_else(|| format!("SIG{name}").parse().ok());
    let all = || Signal::iterator().map(Signal::as_str);
    let near = || near(&format!("SIG{name}"), all()).first().copied();
    signal.map(Signal::as_str).or_else(near).map(str::to_owned)
}

/// `1200 MB`, `1.5GiB`: whole numbers of K, M, G or T.
fn memory(given: &str) -> Option<String> {
    let given = given.trim();
    let unit = given.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number: f64 = given[..given.len() - unit.len()].parse().ok()?;
    let unit = unit.trim().to_uppercase();
    let unit = unit
        .trim_end_matches("BYTES")
        .trim_end_matches('B')
        .trim_end_matches('I');
    let units = ["", "K", "M", "G", "T"];
    let at = units.iter().position(|known| *known == unit)?;
    match number.fract() == 0.0 {
        true => Some(format!("{number}{unit}")),
        false => Some(format!(
            "{}{}",
            (number * 1024.0).ceil(),
            units.get(at.checked_sub(1)?)?
        )),
    }
}

/// A time whose unit has a slip of the hand.
pub(crate) fn time(given: &str) -> Option<String> {
    let units = [
        ("milliseconds", "ms"),
        ("seconds", "s"),
        ("minutes", "m"),
        ("hours", "h"),
        ("days", "d"),
    ];
    let unit = given.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = &given[..given.len() - unit.len()];
    let meant = near(unit.trim(), units.map(|(long, _)| long));
    let (_, short) = units.iter().find(|(long, _)| meant.first() == Some(long))?;
    Some(format!("{number}{short}"))
}
