//! How soon the next look follows.

use super::Phase;
use super::switch::SwitchPhase;
use std::time::Duration;

/// A wait may last this part longer than needed.
const SHARE: u32 = 100;

/// The pace while another host has its turn.
const CALM: Duration = Duration::from_millis(300);

impl Phase {
    /// The time from one look to the next; `waited` is the time in this phase. `usual` is the
    /// longest pace, except for phases without urgency. A third of it is the shortest.
    pub fn pace(&self, waited: Duration, usual: Duration) -> Duration {
        let soon = usual / 3;
        match self {
            // One look was quiet, and the second one confirms it.
            Phase::Drain { zeros: 1.. }
            | Phase::Switch(
                SwitchPhase::Drain { zeros: 1.. } | SwitchPhase::Park { zeros: 1.., .. },
            ) => soon,
            // This phase asks for whole backends.
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
        let park = |zeros| Phase::Switch(SwitchPhase::Park { zeros, back: None });
        assert_eq!([0, 1].map(|zeros| pace(&park(zeros), 60_000)), [30, 10]);
        let until = Duration::from_secs(9);
        assert_eq!(pace(&Phase::BackOff { until }, 0), 300);
        let slow = Duration::from_secs(2);
        assert_eq!(Phase::BackOff { until }.pace(until, slow), slow);
    }
}
