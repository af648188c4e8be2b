//! An answer of HAProxy's stats socket that was cut short is never taken for a whole one.

use haproxy_gate::haproxy::{Unseen, answers};
use std::fmt::Debug;

/// At most so many cuts are tried: a longer answer is cut at every so many bytes.
const CUTS: usize = 100;

/// Splits `answer` as the agent does and gives it to `parse`; then does the same with what
/// is left of it when the connection breaks: an error, or the very same.
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
        // Half a character is "not UTF-8" before it comes to this.
        let Some(cut) = answer.get(..at) else {
            continue;
        };
        if let Ok(seen) = read(cut) {
            assert_eq!(seen, whole, "cut at {at}");
        }
    }
    Some(whole)
}
