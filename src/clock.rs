//! What time it is: by the wall, which somebody may set, and since the boot.

use nix::time::{ClockId, clock_gettime};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Since 1970, by the wall clock.
pub fn since_1970() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

/// Seconds since the boot, those asleep included.
pub fn uptime() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_BOOTTIME);
    now.map_or(0, |now| u64::try_from(now.tv_sec()).unwrap_or_default())
}

/// Which boot this is, by the kernel's random id of it.
pub fn boot() -> String {
    procfs::sys::kernel::random::boot_id().unwrap_or_default()
}
