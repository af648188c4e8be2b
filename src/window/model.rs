//! A window, and the list of them.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use std::fmt;

/// A time of day, on some days of the week.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// As the operator has written it.
    pub(super) text: String,
    /// The days on which it begins, Monday first.
    pub(super) days: [bool; 7],
    /// Its begin.
    pub(super) from: Time,
    /// Its end, on the next day if it is not after the begin.
    pub(super) until: Time,
    /// None: that of the host.
    pub(super) zone: Option<TimeZone>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Windows(pub Vec<Window>);

impl Window {
    pub(super) fn begins_on(&self, day: Weekday) -> bool {
        let at = usize::try_from(day.to_monday_zero_offset()).unwrap_or_default();
        self.days[at]
    }
}

impl Windows {
    /// Without a window an operation may begin at any time.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<&str> = self.0.iter().map(|window| window.text.as_str()).collect();
        f.write_str(&texts.join(", "))
    }
}
