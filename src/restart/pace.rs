//! How soon the next look comes.

use super::Phase;
use std::time::Duration;

/// Noticing that a wait is over may cost one part in so many of it.
const SHARE: u32 = 100;

/// Between two looks while another host's turn is waited for.
const CALM: Duration = Duration::from_millis(300);

impl Phase {
    /// From one look to the next, `waited` being the time in this phase. `usual` is the longest
    /// pace, all but where nothing is urgent; a third of it the shortest.
    pub fn pace(&self, waited: Duration, usual: Duration) -> Duration {
        let soon = usual / 3;
        match self {
            // Quiet once: the second look only makes sure.
            Phase::Drain { zeros: 1.. } => soon,
            // The others of whole backends are asked for.
            Phase::BackOff { .. } => usual.max(CALM),
            _ => (waited / SHARE).clamp(soon, usual),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Duration = Duration::from_millis(30);

    fn pace(phase: &Phase, waited_ms: u64) -> u128 {
        phase
            .pace(Duration::from_millis(waited_ms), USUAL)
            .as_millis()
    }

    #[test]
    fn a_short_wait_is_looked_at_more_often() {
        let paces = [0, 900, 1500, 2900, 3100, 3_600_000].map(|ms| pace(&Phase::Close, ms));
        assert_eq!(paces, [10, 10, 15, 29, 30, 30]);
    }

    #[test]
    fn the_second_quiet_look_comes_soon_and_a_turn_is_waited_for_calmly() {
        assert_eq!(pace(&Phase::Drain { zeros: 0 }, 60_000), 30);
        assert_eq!(pace(&Phase::Drain { zeros: 1 }, 60_000), 10);
        let until = Duration::from_secs(9);
        assert_eq!(pace(&Phase::BackOff { until }, 0), 300);
        let slow = Duration::from_secs(2);
        assert_eq!(Phase::BackOff { until }.pace(until, slow), slow);
    }
}
