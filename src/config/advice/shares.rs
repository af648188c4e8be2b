//! Shares of hosts and of requests in another notation.

use toml::Value;

/// A part of the hosts, as a fraction or in another notation of percent.
pub(super) fn of_hosts(value: &Value) -> Option<String> {
    let percent = |number: f64| match number < 1.0 {
        true => (0.0 < number).then(|| format!("{}%", (number * 100.0).round())),
        false => Some(format!("{number}%")),
    };
    match value {
        Value::Float(number) if *number < 1.0 || *number > 9.0 => percent(*number),
        Value::String(given) => {
            let number = given.trim_end_matches(|c: char| !c.is_ascii_digit());
            let unit = given[number.len()..].trim();
            let number: f64 = number.parse().ok()?;
            (number < 1.0 || unit.starts_with(['%', 'p']))
                .then(|| percent(number))
                .flatten()
        }
        Value::Table(table) if table.len() == 1 => {
            let (key, value) = table.iter().next()?;
            let is_share = ["percent", "percentage", "pct", "share", "ratio"].contains(&&key[..]);
            let number = value.to_string();
            let number = number.trim_matches(['"', '%', ' ']).parse().ok();
            number.filter(|_| is_share).and_then(percent)
        }
        _ => None,
    }
}

/// A share of the requests: 1 and "1" are percent, and 0.01 is a fraction.
pub(super) fn of_requests(value: &Value) -> Option<String> {
    match value {
        Value::Integer(percent) => Some(format!("{percent}%")),
        Value::String(given) if given.parse::<u8>().is_ok() => Some(format!("{given}%")),
        value => of_hosts(value),
    }
}
