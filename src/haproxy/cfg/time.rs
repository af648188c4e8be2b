//! HAProxy's times: a number, and `us`, `ms`, `s`, `m`, `h` or `d` (configuration manual, 2.5).

use std::time::Duration;

/// None: HAProxy does not accept it, or can't count so far.
pub(crate) fn time(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let number: u64 = number.parse().ok()?;
    let ms = match unit {
        "us" => number.div_ceil(1000),
        "" | "ms" => number,
        "s" => number.checked_mul(1000)?,
        "m" => number.checked_mul(60_000)?,
        "h" => number.checked_mul(3_600_000)?,
        "d" => number.checked_mul(86_400_000)?,
        _ => return None,
    };
    (ms <= i32::MAX as u64).then(|| Duration::from_millis(ms))
}

/// `1.3 s`
pub(crate) fn seconds(time: Duration) -> String {
    format!("{} s", time.as_millis() as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_invalid_times() {
        for (text, ms) in [
            ("300", Some(300)),
            ("300ms", Some(300)),
            ("1500us", Some(2)),
            ("2s", Some(2000)),
            ("1m", Some(60_000)),
            ("2h", Some(7_200_000)),
            ("1d", Some(86_400_000)),
            ("", None),
            ("s", None),
            ("1.5s", None),
            ("-1", None),
            ("99999999999999999999", None),
            ("18446744073709551615d", None),
            ("30d", None),
        ] {
            assert_eq!(time(text), ms.map(Duration::from_millis), "{text}");
        }
        assert_eq!(seconds(Duration::from_millis(1300)), "1.3 s");
        assert_eq!(seconds(Duration::from_secs(21)), "21 s");
    }
}
