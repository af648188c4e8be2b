//! Reads a window: `Mon..Fri 09:00-17:00 Europe/Berlin`. The days are written as in systemd's calendar.

use super::model::Window;
use jiff::civil::Time;
use jiff::tz::TimeZone;

const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Reads one. Err: what was expected, with the part that is wrong.
pub fn read(text: &str) -> Result<Window, String> {
    let mut words = text.split_whitespace().peekable();
    let days = match words.peek() {
        Some(word) if !word.starts_with(|c: char| c.is_ascii_digit()) => {
            let word = words.next().unwrap_or_default();
            days(word)?
        }
        _ => [true; 7],
    };
    let times = words.next().ok_or_else(|| {
        format!("expected days and times, as \"Mon..Fri 09:00-17:00\": no times in {text:?}")
    })?;
    let (from, until) = times_of_day(times)?;
    let zone = words.next().map(zone).transpose()?;
    if let Some(more) = words.next() {
        return Err(format!(
            "expected days, times and a time zone, as \"Mon..Fri 09:00-17:00 Europe/Berlin\": \
             {more:?} is too much"
        ));
    }
    Ok(Window {
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        days,
        from,
        until,
        zone,
    })
}

/// `Mon..Fri,Sun`
fn days(text: &str) -> Result<[bool; 7], String> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        let (Some(first), Some(last)) = (day(first), day(last)) else {
            return Err(format!(
                "expected days as \"Mon..Fri\" or \"Sat,Sun\", found {part:?}"
            ));
        };
        // From Saturday to Monday is over the end of the week.
        let length = (last + 7 - first) % 7;
        for step in 0..=length {
            days[(first + step) % 7] = true;
        }
    }
    Ok(days)
}

/// The three letters or the whole name.
fn day(text: &str) -> Option<usize> {
    let text = text.to_ascii_lowercase();
    DAYS.iter().position(|day| *day == text || day[..3] == text)
}

/// `09:00-17:00`. The end of the day is 24:00.
fn times_of_day(text: &str) -> Result<(Time, Time), String> {
    let wrong = || {
        format!(
            "expected a begin and an end, from 00:00 to 24:00, as \"09:00-17:00\", found {text:?}"
        )
    };
    let (from, until) = text.split_once('-').ok_or_else(wrong)?;
    let begin = time(from).ok_or_else(wrong)?;
    let end = match until {
        "24:00" => Some(Time::midnight()),
        until => time(until),
    };
    let end = end.ok_or_else(wrong)?;
    let is_whole_day = until == "24:00" && begin == end;
    match begin == end && !is_whole_day {
        true => Err(format!(
            "expected an end that is not the begin, found {text:?}: the whole day is \"00:00-24:00\""
        )),
        false => Ok((begin, end)),
    }
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let is_number = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_number(hour, 2) || minute.len() != 2 || !is_number(minute, 2) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn zone(name: &str) -> Result<TimeZone, String> {
    let found = TimeZone::get(name);
    found.map_err(|_| {
        format!(
            "this host knows no time zone {name:?}: expected a name as \"Europe/Berlin\" or \"UTC\" \
             (/usr/share/zoneinfo, of the package tzdata)"
        )
    })
}
