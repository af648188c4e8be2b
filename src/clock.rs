//! The current time: by the wall clock, which an operator may set, and since the boot.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nix::time::{ClockId, clock_gettime};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Since 1970, by the wall clock.
pub fn since_1970() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

/// This moment, for dates and days of the week.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The time zone of this host, whatever TZ the caller has. Without a valid file it is UTC, as for
/// systemd.
pub fn host_zone() -> TimeZone {
    let file = std::fs::read("/etc/localtime").ok();
    let zone = file.and_then(|data| TimeZone::tzif("localtime", &data).ok());
    zone.unwrap_or(TimeZone::UTC)
}

/// A moment in seconds since 1970 as RFC 3339. A number where no year has four digits.
pub fn timestamp(since_1970: u64) -> String {
    match since_1970 {
        ..=LAST => {
            let moment = UNIX_EPOCH + Duration::from_secs(since_1970);
            humantime::format_rfc3339_seconds(moment).to_string()
        }
        beyond => format!("{beyond} s after 1970"),
    }
}

/// The end of the year 9999.
const LAST: u64 = 253_402_300_799;

/// The time since the boot, including the time asleep.
pub fn since_boot() -> Duration {
    let now = clock_gettime(ClockId::CLOCK_BOOTTIME);
    now.map_or(Duration::ZERO, Duration::from)
}

/// Seconds since the boot, including those asleep.
pub fn uptime() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_BOOTTIME);
    now.map_or(0, |now| u64::try_from(now.tv_sec()).unwrap_or_default())
}

/// This boot's random id from the kernel.
pub fn boot() -> String {
    procfs::sys::kernel::random::boot_id().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_in_a_file_has_a_text() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(LAST), "9999-12-31T23:59:59Z");
        assert_eq!(timestamp(u64::MAX), "18446744073709551615 s after 1970");
    }
}
