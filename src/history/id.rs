//! Ids of operations: short enough to be typed, in the order of time, and unique.

use crate::clock::since_1970;

/// Crockford's: no letter that is taken for a digit, and in the order of ASCII.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Letters of the time, in seconds: enough until the year 3058.
const TIME: u32 = 7;

/// Letters of chance: two operations of one second differ, but for one pair in a million.
const CHANCE: u32 = 4;

/// The id of an operation that begins now.
pub fn new() -> String {
    of(since_1970().as_secs(), fastrand::u64(..))
}

/// The id of one that began then; the same for the same `other`.
pub(super) fn of(since_1970: u64, other: u64) -> String {
    letters(since_1970, TIME) + &letters(other, CHANCE)
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
        assert_eq!(of(0, 0), "00000000000");
        assert_eq!(of(1_763_737_738, 33), "1mj104a0011");
        let mut seconds: Vec<u64> = (0..60).map(|bit| 1_u64 << bit.min(34)).collect();
        seconds.sort_unstable();
        assert!(seconds.is_sorted_by_key(|second| of(*second, 7)));
        let some: std::collections::BTreeSet<String> = (0..50).map(|_| new()).collect();
        assert_eq!(some.len(), 50);
        assert!(some.iter().all(|id| is_id(id)));
        for no in ["", "web", "1mj104a001", "1mj104a001u", "1MJ104A0011"] {
            assert!(!is_id(no), "{no}");
        }
    }
}
