//! The limits of the file: a time with an end, and one that is not zero.

use serde::{Deserializer, de::Error};
use std::time::Duration;

/// The clock has an end, and a limit beyond it could not be waited for.
pub(super) fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let duration: Duration = humantime_serde::deserialize(deserializer)?;
    match duration <= Duration::from_hours(24 * 365) {
        true => Ok(duration),
        false => Err(D::Error::custom("it must be a year at most")),
    }
}

/// With a limit of zero an operation would give up before it has asked anything.
pub(super) fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let duration = limit(deserializer)?;
    match duration.is_zero() {
        true => Err(D::Error::custom("it must be more than 0")),
        false => Ok(duration),
    }
}
