//! Whether `[agent] windows` let an operation begin now, until when, and from when on.

use crate::clock::{host_zone, now};
use crate::operation::shown;
use crate::window::{Now, Windows};
use jiff::ZonedDateTime;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct WindowStatus {
    /// Restart, switch, close, maintenance on and readonly on may begin now.
    pub(super) inside: bool,
    /// The end of this window. None: it never ends, or there is none now.
    pub(super) until_unix_seconds: Option<i64>,
    /// The begin of the next window. None: within one.
    pub(super) next_unix_seconds: Option<i64>,
    pub(super) text: String,
}

impl WindowStatus {
    /// None: operations may begin at any time.
    pub(super) fn of(windows: &Windows) -> Option<WindowStatus> {
        (!windows.is_empty()).then(|| WindowStatus::at(windows, windows.at(now(), &host_zone())))
    }

    fn at(windows: &Windows, now: Now) -> WindowStatus {
        let seconds = |at: &ZonedDateTime| at.timestamp().as_second();
        match now {
            Now::Inside { until } => WindowStatus {
                inside: true,
                until_unix_seconds: until.as_ref().map(seconds),
                next_unix_seconds: None,
                text: match &until {
                    Some(until) => format!(
                        "operations may begin until {}, by [agent] windows ({windows})",
                        shown(until)
                    ),
                    None => {
                        format!("operations may begin at any time, by [agent] windows ({windows})")
                    }
                },
            },
            Now::Outside { next } => WindowStatus {
                inside: false,
                until_unix_seconds: None,
                next_unix_seconds: next.as_ref().map(seconds),
                text: match &next {
                    Some(next) => format!(
                        "no operation that takes users away may begin before {}, by [agent] windows \
                         ({windows})",
                        shown(next)
                    ),
                    None => format!(
                        "no operation that takes users away may begin for two weeks, by [agent] windows \
                         ({windows})"
                    ),
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::read;

    #[test]
    fn it_says_until_when_or_from_when_on() {
        let windows = Windows(vec![read("09:00-17:00").unwrap()]);
        let at = || Some("2026-11-30T17:00:00+01:00[Europe/Berlin]".parse().unwrap());
        let inside = WindowStatus::at(&windows, Now::Inside { until: at() });
        assert_eq!(
            inside.text,
            "operations may begin until Mon 2026-11-30 17:00 CET, by [agent] windows (09:00-17:00)"
        );
        let seconds = Some(1_796_054_400);
        assert_eq!((inside.inside, inside.until_unix_seconds), (true, seconds));
        let outside = WindowStatus::at(&windows, Now::Outside { next: at() });
        let says = "no operation that takes users away may begin before Mon 2026-11-30 17:00 CET, ";
        assert!(outside.text.starts_with(says), "{}", outside.text);
        assert_eq!(
            (outside.inside, outside.next_unix_seconds),
            (false, seconds)
        );
    }
}
