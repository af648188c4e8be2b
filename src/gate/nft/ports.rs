//! The ports of a native condition.

use crate::gate::rule::Ports;
use serde_json::Value;
use std::ops::RangeInclusive;

/// Whether a condition is on the destination port.
pub(super) fn is_port(left: &Value) -> bool {
    let payload = &left["payload"];
    payload["field"] == "dport" && (payload["protocol"] == "tcp" || payload["protocol"] == "th")
}

/// The ports that are less or more than a number.
pub(super) fn compared(op: &str, right: &Value) -> Ports {
    let number = right.as_u64().and_then(|number| u16::try_from(number).ok());
    let range = number.and_then(|number| match op {
        "<" => Some(0..=number.checked_sub(1)?),
        "<=" => Some(0..=number),
        ">" => Some(number.checked_add(1)?..=u16::MAX),
        ">=" => Some(number..=u16::MAX),
        _ => None,
    });
    range.map_or_else(unknown, known)
}

/// A number, a range or a set. A named set, or another form: unknown.
pub(super) fn ports(right: &Value) -> Ports {
    let number = |value: &Value| value.as_u64().and_then(|number| u16::try_from(number).ok());
    if let Some(port) = number(right) {
        return port.into();
    }
    if let Some([first, last]) = right["range"].as_array().map(Vec::as_slice)
        && let (Some(first), Some(last)) = (number(first), number(last))
    {
        return known(first..=last);
    }
    match right["set"].as_array() {
        Some(set) => merged(set.iter().map(ports)),
        None => unknown(),
    }
}

fn known(range: RangeInclusive<u16>) -> Ports {
    Ports {
        known: vec![range],
        may_be_others: false,
    }
}

pub(super) fn unknown() -> Ports {
    Ports {
        known: Vec::new(),
        may_be_others: true,
    }
}

pub(super) fn merged(all: impl Iterator<Item = Ports>) -> Ports {
    all.fold(Ports::default(), |mut merged, one| {
        merged.known.extend(one.known);
        merged.may_be_others |= one.may_be_others;
        merged
    })
}
