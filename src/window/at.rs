//! Is a moment within the windows, until when, and when does the next one begin?

use super::model::{Window, Windows};
use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan, ZonedDateTime};

/// A window begins again within a week; one that the clock has skipped, within two.
const DAYS_AHEAD: i64 = 15;

/// What the windows say of a moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Now {
    /// An operation may begin. None: the windows never end.
    Inside {
        /// The end of the window, or of the last of those that follow without a gap.
        until: Option<ZonedDateTime>,
    },
    /// No operation may begin.
    Outside {
        /// The begin of the next window.
        next: Option<ZonedDateTime>,
    },
}

/// One time of a window.
struct Span {
    from: Timestamp,
    until: Timestamp,
    zone: TimeZone,
}

impl Windows {
    /// What they say of this moment, on a host in this time zone.
    pub fn at(&self, now: Timestamp, host: &TimeZone) -> Now {
        let spans = self.0.iter().flat_map(|window| window.around(now, host));
        let mut spans: Vec<Span> = spans.collect();
        spans.sort_by_key(|span| span.from);
        let mut end: Option<&Span> = None;
        for span in &spans {
            let reached = end.map_or(now, |end| end.until);
            if span.from <= reached && span.until > reached {
                end = Some(span);
            }
        }
        let Some(end) = end else {
            let next = spans.iter().find(|span| span.from > now);
            let next = next.map(|span| span.from.to_zoned_datetime(span.zone.clone()));
            return Now::Outside { next };
        };
        let beyond = now + (24 * (DAYS_AHEAD - 2)).hours();
        let until = (end.until < beyond).then(|| end.until.to_zoned_datetime(end.zone.clone()));
        Now::Inside { until }
    }
}

impl Window {
    /// Its times, from yesterday on.
    fn around<'a>(
        &'a self,
        now: Timestamp,
        host: &'a TimeZone,
    ) -> impl Iterator<Item = Span> + use<'a> {
        let zone = self.zone.as_ref().unwrap_or(host);
        let today = now.to_zoned_datetime(zone.clone()).date();
        let dates = (-1..=DAYS_AHEAD).filter_map(move |days| today.checked_add(days.days()).ok());
        let dates = dates.filter(|date| self.begins_on(date.weekday()));
        dates.filter_map(|date| {
            let last = match self.until <= self.from {
                true => date.tomorrow().ok()?,
                false => date,
            };
            let moment = |date: jiff::civil::Date, time: Time| moment(date.to_datetime(time), zone);
            let (from, until) = (moment(date, self.from)?, moment(last, self.until)?);
            (from < until).then(|| Span {
                from,
                until,
                zone: zone.clone(),
            })
        })
    }
}

/// The moment at which the clocks show this time. Of a time that they show twice it is the first. A
/// time that they skip is the moment of the skip.
fn moment(time: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(time);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => {
            let before = ambiguous.earlier().ok()?;
            zone.following(before).next().map(|skip| skip.timestamp())
        }
        _ => ambiguous.earlier().ok(),
    }
}
