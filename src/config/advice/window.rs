//! A window in another notation: `Mon-Fri 9-17`.

/// The same as `Mon..Fri 9:00-17:00`.
pub(super) fn spelt(given: &str) -> String {
    let words = given.split_whitespace().map(|word| {
        let is_time = word.starts_with(|c: char| c.is_ascii_digit());
        match word.contains('/') {
            // The name of a time zone.
            true => word.to_owned(),
            false if is_time => times(word),
            false => word.replace('-', ".."),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn times(word: &str) -> String {
    let word = word.replace("..", "-");
    let times = word.split('-').map(|time| match time.contains(':') {
        true => time.to_owned(),
        false => format!("{time}:00"),
    });
    times.collect::<Vec<_>>().join("-")
}
