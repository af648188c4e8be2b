//! How long something lasts that an operator asks for, and why, for the plan of a dry run. Pure.

use crate::clock::timestamp;

/// `until 2026-11-30T11:00:00Z: the database moves`. `off`: the command that ends it otherwise.
pub(super) fn lasting(until_unix_s: Option<u64>, reason: Option<&str>, off: &str) -> String {
    let until = match until_unix_s {
        Some(until) => format!("until {}", timestamp(until)),
        None => format!("until `{off}`"),
    };
    match reason {
        Some(reason) => format!("{until}: {reason}"),
        None => until,
    }
}

#[cfg(test)]
mod tests {
    use super::lasting;

    #[test]
    fn it_ends_by_its_time_or_by_a_command() {
        let off = "agent maintenance off web";
        for (until, reason, says) in [
            (None, None, "until `agent maintenance off web`"),
            (Some(1_700_000_000), None, "until 2023-11-14T22:13:20Z"),
            (
                Some(1_700_000_000),
                Some("a move"),
                "until 2023-11-14T22:13:20Z: a move",
            ),
            (
                None,
                Some("a move"),
                "until `agent maintenance off web`: a move",
            ),
        ] {
            assert_eq!(lasting(until, reason, off), says);
        }
    }
}
