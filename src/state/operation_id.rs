//! Ids of operations: short enough to be typed, in the order of time, and unique.

use crate::clock::since_1970;
use std::time::Duration;

/// Crockford's: no letter that is taken for a digit, and in the order of ASCII.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Letters of the time, in parts of a second: enough until the year 3058.
const TIME: u32 = 8;
const PARTS: u64 = 32;

/// Random letters: two operations of one moment differ, but for one pair in 32,768.
const CHANCE: u32 = 3;

/// The id of an operation that begins now.
pub fn new() -> String {
    of(since_1970(), fastrand::u64(..))
}

/// The id of one that began then; the same for the same `other`.
pub fn of(since_1970: Duration, other: u64) -> String {
    let part = u64::from(since_1970.subsec_nanos()) * PARTS / 1_000_000_000;
    letters(since_1970.as_secs() * PARTS + part, TIME) + &letters(other, CHANCE)
}

/// Whether it may be one.
pub fn is_id(text: &str) -> bool {
    text.len() == (TIME + CHANCE) as usize && text.bytes().all(|byte| LETTERS.contains(&byte))
}

fn letters(number: u64, count: u32) -> String {
    let letter = |at: u32| LETTERS[(number >> (5 * at) & 31) as usize] as char;
    (0..count).rev().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_in_the_order_of_time_and_differ() {
        let of = |millis| of(Duration::from_millis(millis), 33);
        assert_eq!(of(0), "00000000011");
        assert_eq!(of(1_763_737_738_500), "1mj104ag011");
        let times = (0..45).map(|bit| 1_u64 << bit);
        let ids: Vec<String> = times.map(of).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(of(1_763_737_738_500) < of(1_763_737_738_600));
        let now = since_1970();
        let of_one_moment = (0..50).map(|other| super::of(now, other));
        let some: std::collections::BTreeSet<String> = of_one_moment.collect();
        assert_eq!(some.len(), 50);
        assert!(some.iter().all(|id| is_id(id)) && is_id(&new()));
        for no in ["", "web", "1mj104a001", "1mj104a001u", "1MJ104A0011"] {
            assert!(!is_id(no), "{no}");
        }
    }
}
