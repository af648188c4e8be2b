//! Scales: places on the time axis, and round numbers for ticks and tops.

use crate::history::Entry;

/// The most ticks that fit a phone.
const TICKS: f64 = 7.0;

/// The steps between ticks, in seconds.
const STEPS: [f64; 20] = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0,
    900.0, 1800.0, 3600.0, 7200.0,
];

/// The width of a letter of a label, and the free space beside the label, in pixels.
const LETTER: f64 = 7.6;
const FREE: f64 = 9.0;

/// The widths of a drawing, in pixels, at which more labels appear.
const WIDTHS: [u32; 8] = [1, 260, 340, 440, 560, 700, 860, 1000];

/// The share of the axis after the end, which shows how the lines were left.
const AFTER: f64 = 0.035;

/// The time axis: from 0 to the operation's end, and a little more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axis {
    end: f64,
    total: f64,
}

/// A tick of the axis.
#[derive(Debug, PartialEq)]
pub(crate) struct Tick {
    /// Its place in percent.
    pub x: String,
    /// Seconds, or minutes and seconds.
    pub label: String,
    /// The end of the label that is at this place.
    pub anchor: &'static str,
}

impl Axis {
    /// An axis for the whole operation, with its last sample.
    pub(crate) fn of(entry: &Entry) -> Axis {
        let phases = entry.phases.iter().map(|phase| phase.start + phase.seconds);
        let samples = entry.samples.iter().flat_map(|samples| &samples.at);
        let ends = phases.chain(samples.copied()).chain([entry.seconds]);
        let end = ends.filter(|end| end.is_finite()).max_by(f64::total_cmp);
        Axis::to(end.unwrap_or_default().max(0.001))
    }

    fn to(end: f64) -> Axis {
        Axis {
            end,
            total: end * (1.0 + AFTER),
        }
    }

    /// The place of a moment, from 0 to 1.
    pub(crate) fn place(&self, at: f64) -> f64 {
        (at / self.total).clamp(0.0, 1.0)
    }

    /// The place of a moment in percent.
    pub(crate) fn x(&self, at: f64) -> String {
        percent(self.place(at))
    }

    /// The operation's end, in seconds.
    pub(crate) fn end(&self) -> f64 {
        self.end
    }

    /// The end of the axis.
    pub(crate) fn total(&self) -> f64 {
        self.total
    }

    /// Ticks at round numbers of seconds.
    pub(crate) fn ticks(&self) -> Vec<Tick> {
        let few = STEPS.iter().find(|step| self.end / **step <= TICKS);
        let step = few
            .copied()
            .unwrap_or((self.end / TICKS / 7200.0).ceil() * 7200.0);
        // 0.6 is a little less than 6 times 0.1.
        let count = (self.end / step + 1e-6).floor() as u32;
        let tick = |number: u32| {
            let at = f64::from(number) * step;
            let anchor = match self.place(at) {
                ..=0.03 => "start",
                0.95.. => "end",
                _ => "middle",
            };
            Tick {
                x: self.x(at),
                label: clock(at, step),
                anchor,
            }
        };
        (0..=count).map(tick).collect()
    }

    /// The width of a drawing from which a label of this many letters fits between two moments.
    /// None if it never fits.
    pub(crate) fn fits(&self, letters: usize, from: f64, to: f64) -> Option<u32> {
        let share = self.place(to) - self.place(from);
        let needed = (letters as f64 * LETTER + FREE) / share;
        WIDTHS
            .into_iter()
            .find(|width| f64::from(*width).max(240.0) >= needed)
    }
}

/// A share as a drawing writes it.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.3}%", share * 100.0)
}

fn clock(at: f64, step: f64) -> String {
    let whole = at.round() as u64;
    match step {
        ..0.1 => format!("{at:.2} s"),
        ..1.0 => format!("{at:.1} s"),
        ..30.0 => format!("{whole} s"),
        ..1800.0 => format!("{}:{:02} min", whole / 60, whole % 60),
        _ => format!("{}:{:02} h", whole / 3600, whole / 60 % 60),
    }
}

/// A time, with a useful number of digits.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.2} s"),
        _ => format!("{}:{:04.1} min", (seconds / 60.0) as u64, seconds % 60.0),
    }
}

/// The next round number, for the top of a chart.
pub(crate) fn top(most: f64) -> f64 {
    if most <= 1.0 {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    let tops = [1.0, 2.0, 4.0, 5.0, 10.0].map(|round| round * power);
    tops.into_iter().find(|top| *top >= most).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(total: f64) -> Vec<String> {
        let ticks = Axis::to(total).ticks();
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_and_few_however_long_it_took() {
        assert_eq!(ticks(3.9), ["0 s", "1 s", "2 s", "3 s"]);
        assert_eq!(
            ticks(0.6),
            [
                "0.0 s", "0.1 s", "0.2 s", "0.3 s", "0.4 s", "0.5 s", "0.6 s"
            ]
        );
        assert_eq!(ticks(70.0)[..3], ["0 s", "10 s", "20 s"]);
        assert_eq!(ticks(600.0)[..3], ["0:00 min", "2:00 min", "4:00 min"]);
        assert_eq!(ticks(40_000.0)[1], "2:00 h");
        for total in [0.001, 0.02, 1.0, 59.0, 1e3, 1e5, 1e7] {
            let ticks = ticks(total);
            assert!((1..=8).contains(&ticks.len()), "{total}: {ticks:?}");
        }
    }

    #[test]
    fn a_label_is_shown_if_there_is_room() {
        let axis = Axis::to(10.0);
        assert_eq!(axis.fits(4, 0.0, 10.0), Some(1));
        assert_eq!(axis.fits(4, 0.0, 1.0), Some(440));
        assert_eq!(axis.fits(4, 0.0, 0.1), None);
        assert_eq!(axis.fits(4, 1.0, 1.0), None);
    }

    #[test]
    fn a_chart_ends_at_a_round_number() {
        for (most, round) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (3.0, 4.0),
            (41.0, 50.0),
            (612.0, 1000.0),
        ] {
            assert_eq!(top(most), round);
        }
    }
}
