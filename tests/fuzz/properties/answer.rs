//! The agent never takes a truncated answer of HAProxy's stats socket for a whole one.

use haproxy_gate::haproxy::{Unseen, answers};
use std::fmt::Debug;

/// Cuts an answer at this many places at most: a longer one at regular distances.
const CUTS: usize = 100;

/// Splits `answer` as the agent does and gives it to `parse`. Then does the same with what a broken
/// connection leaves: an error, or exactly the same result.
pub fn parse_whole<T: Debug + PartialEq>(
    answer: &str,
    commands: &[String],
    parse: impl Fn(&[String]) -> Result<T, Unseen>,
) -> Option<T> {
    let read = |text: &str| parse(&answers(text, commands)?);
    let whole = match read(answer) {
        Ok(whole) => whole,
        Err(error) => {
            super::assert_printable(&error.to_string());
            return None;
        }
    };
    let even = (0..answer.len()).step_by(answer.len() / CUTS + 1);
    let at_lines = answer.match_indices('\n').take(CUTS);
    for at in even.chain(at_lines.flat_map(|(at, _)| [at, at + 1])) {
        let Some(cut) = answer.get(..at) else {
            continue;
        };
        if let Ok(seen) = read(cut) {
            assert_eq!(seen, whole, "cut at {at}");
        }
    }
    Some(whole)
}
