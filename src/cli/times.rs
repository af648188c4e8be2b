//! The times of the command line.

use crate::config::advice::meant_time;
use std::time::Duration;

/// A time from a second to a year.
pub(super) fn lasts(text: &str) -> Result<Duration, String> {
    up_to(text, Duration::from_hours(24 * 365), "1year")
}

/// A time from a second to a day.
pub(super) fn waits(text: &str) -> Result<Duration, String> {
    up_to(text, Duration::from_hours(24), "1day")
}

pub(super) fn up_to(text: &str, longest: Duration, most: &str) -> Result<Duration, String> {
    let lasts = humantime::parse_duration(text).map_err(|_| no_time(text))?;
    match (Duration::from_secs(1)..=longest).contains(&lasts) {
        true => Ok(lasts),
        false => Err(format!("expected a time from 1s to {most}")),
    }
}

/// Why this is no time, and what was meant.
fn no_time(text: &str) -> String {
    let is_number = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let lower = text.to_lowercase();
    let is_time = humantime::parse_duration(&lower).is_ok();
    match meant_time(&lower).or(is_time.then_some(lower)) {
        _ if is_number => format!("a time needs a unit: {text}s, {text}m or {text}h"),
        Some(meant) => format!("expected a time such as 90s, 30m or 2h; did you mean {meant}?"),
        None => "expected a time such as 90s, 30m or 2h".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit() {
        for (text, says) in [
            ("2", "a time needs a unit: 2s, 2m or 2h"),
            ("30 minuts", "did you mean 30m?"),
            ("2H", "did you mean 2h?"),
            ("soon", "expected a time such as 90s, 30m or 2h"),
            ("", "expected a time such as 90s, 30m or 2h"),
            ("-5m", "expected a time such as 90s, 30m or 2h"),
            ("0s", "expected a time from 1s to 1year"),
            ("500ms", "expected a time from 1s to 1year"),
        ] {
            let why = lasts(text).unwrap_err();
            assert!(why.ends_with(says), "{text}: {why}");
        }
        assert_eq!(lasts("2h"), Ok(Duration::from_hours(2)));
    }
}
