//! Draws sessions in flight and sessions a second over time, one drawing for each line, all with
//! the same scale. A time without a look stays empty.

use super::bands::role;
use super::scale::{Axis, seconds, top};
use crate::history::Entry;
use crate::report::{BalancerSamples, LineSamples, Samples};
use std::fmt::Write;

/// The drawings of one number, for all lines.
pub(crate) struct Chart {
    pub title: &'static str,
    pub about: &'static str,
    /// The top of the scale, and its half.
    pub top: String,
    pub half: String,
    pub plots: Vec<Plot>,
}

/// The drawing of one line.
pub(crate) struct Plot {
    pub balancer: String,
    pub name: String,
    pub role: String,
    /// SVG paths in a box of 1000 by 100: the area and its upper edge.
    pub area: String,
    pub edge: String,
    pub description: String,
    /// The same in short, beside the drawing.
    pub brief: String,
}

/// One value between two moments.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    from: f64,
    to: f64,
    value: f64,
}

/// The most steps of a rate. More steps would show only noise.
const RATES: f64 = 80.0;

/// The shortest time of a rate, in seconds. A look every 30 ms sees one session or none.
const SHORTEST: f64 = 0.2;

pub(crate) fn charts(entry: &Entry, axis: &Axis) -> Vec<Chart> {
    let Some(samples) = &entry.samples else {
        return Vec::new();
    };
    let in_flight = lines(samples, |_, line| in_flight(&samples.at, line));
    let width = (axis.end() / RATES).max(SHORTEST);
    let rates = lines(samples, |balancer, line| {
        rates(&samples.at, &line.sessions, &balancer.anew, width)
    });
    vec![
        chart(
            "Sessions in flight",
            "scur + qcur of HAProxy's current worker",
            "",
            &in_flight,
            axis,
        ),
        chart(
            "Sessions a second",
            "the growth of stot; a reload resets it",
            "/s",
            &rates,
            axis,
        ),
    ]
}

type Of<'a> = (&'a BalancerSamples, &'a LineSamples, Vec<Step>);

fn lines(
    samples: &Samples,
    steps: impl Fn(&BalancerSamples, &LineSamples) -> Vec<Step>,
) -> Vec<Of<'_>> {
    let mut all = Vec::new();
    for balancer in &samples.balancers {
        for line in &balancer.lines {
            all.push((balancer, line, steps(balancer, line)));
        }
    }
    all
}

fn chart(
    title: &'static str,
    about: &'static str,
    unit: &str,
    lines: &[Of<'_>],
    axis: &Axis,
) -> Chart {
    let values = lines.iter().flat_map(|(_, _, steps)| steps);
    let most = values.map(|step| step.value).max_by(f64::total_cmp);
    let top = top(most.unwrap_or_default());
    let plot = |(balancer, line, steps): &Of<'_>| Plot {
        balancer: balancer.name.clone(),
        name: line.name.clone(),
        role: role(&line.role),
        area: path(steps, axis, top, true),
        edge: path(steps, axis, top, false),
        description: describe(steps, unit),
        brief: brief(steps, unit),
    };
    Chart {
        title,
        about,
        top: format!("{top:.0}{unit}"),
        half: match top {
            2.0.. => format!("{:.0}{unit}", top / 2.0),
            _ => String::new(),
        },
        plots: lines.iter().map(plot).collect(),
    }
}

fn in_flight(at: &[f64], line: &LineSamples) -> Vec<Step> {
    let pairs = at.windows(2).zip(&line.in_flight);
    let step = |(pair, value): (&[f64], &Option<u64>)| {
        value.map(|value| Step {
            from: pair[0],
            to: pair[1],
            value: value as f64,
        })
    };
    pairs.filter_map(step).collect()
}

/// The rates per second, in steps of at least this width. A count that began anew, or was not
/// seen, ends a step.
fn rates(at: &[f64], sessions: &[Option<u64>], anew: &[usize], width: f64) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut first: Option<(f64, u64)> = None;
    let mut last: Option<(f64, u64)> = None;
    for (place, (at, count)) in at.iter().zip(sessions).enumerate() {
        let fell = matches!((last, count), (Some((_, last)), Some(count)) if *count < last);
        if count.is_none() || fell || anew.contains(&place) {
            steps.extend(step(first.take(), last.take()));
        }
        let Some(count) = *count else { continue };
        let begun = *first.get_or_insert((*at, count));
        last = Some((*at, count));
        if at - begun.0 >= width {
            steps.extend(step(Some(begun), last));
            first = last;
        }
    }
    steps.extend(step(first, last));
    steps
}

fn step(first: Option<(f64, u64)>, last: Option<(f64, u64)>) -> Option<Step> {
    let ((from, before), (to, after)) = (first?, last?);
    let value = after.checked_sub(before)? as f64 / (to - from);
    (to > from).then_some(Step { from, to, value })
}

/// The SVG path of the steps. Adjacent steps become one shape.
fn path(steps: &[Step], axis: &Axis, top: f64, closed: bool) -> String {
    let mut path = String::new();
    let mut before: Option<Step> = None;
    for (number, step) in steps.iter().enumerate() {
        let x = |at: f64| axis.place(at) * 1000.0;
        let y = 100.0 - step.value / top * 100.0;
        let goes_on = before.is_some_and(|before| before.to == step.from);
        let next = steps.get(number + 1);
        let ends = next.is_none_or(|next| next.from != step.to);
        let begin = match (goes_on, closed) {
            (true, _) => format!("V{y:.2}"),
            (false, true) => format!("M{:.2} 100V{y:.2}", x(step.from)),
            (false, false) => format!("M{:.2} {y:.2}", x(step.from)),
        };
        let _ = write!(path, "{begin}H{:.2}", x(step.to));
        if ends && closed {
            path.push_str("V100Z");
        }
        before = Some(*step);
    }
    path
}

fn most(steps: &[Step]) -> Option<&Step> {
    let higher = |most: Option<&Step>, step: &Step| most.is_none_or(|it| step.value > it.value);
    let mut most = None;
    for step in steps {
        most = if higher(most, step) { Some(step) } else { most };
    }
    most
}

fn describe(steps: &[Step], unit: &str) -> String {
    match (most(steps), steps.last()) {
        (Some(most), Some(last)) => format!(
            "at most {:.0}{unit} at {}; at the end {:.0}{unit}",
            most.value,
            seconds(most.from),
            last.value
        ),
        _ => "not seen".to_owned(),
    }
}

fn brief(steps: &[Step], unit: &str) -> String {
    match (most(steps), steps.last()) {
        (Some(most), Some(last)) => {
            format!("most {:.0}{unit}, last {:.0}{unit}", most.value, last.value)
        }
        _ => "not seen".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(at: &[f64], sessions: &[Option<u64>], anew: &[usize]) -> Vec<(f64, f64, f64)> {
        let steps = rates(at, sessions, anew, 1.0);
        let found = steps.iter().map(|step| (step.from, step.to, step.value));
        found.collect()
    }

    #[test]
    fn a_rate_is_the_growth_over_a_while() {
        let at = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5];
        let sessions = [100, 110, 120, 140, 160, 170].map(Some);
        assert_eq!(
            rate(&at, &sessions, &[]),
            [(0.0, 1.0, 20.0), (1.0, 2.0, 40.0), (2.0, 2.5, 20.0)]
        );
        assert_eq!(
            rate(&at[..1], &sessions[..1], &[]),
            [],
            "the first has none"
        );
    }

    #[test]
    fn a_gap_or_a_new_count_has_no_rate() {
        let at = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5];
        let gap = [Some(100), Some(110), None, Some(900), Some(910), Some(920)];
        assert_eq!(rate(&at, &gap, &[]), [(0.0, 0.5, 20.0), (1.5, 2.5, 20.0)]);
        let reload = [Some(100), Some(110), Some(2), Some(12), Some(12), Some(12)];
        let anew = [(0.0, 0.5, 20.0), (1.0, 2.0, 10.0), (2.0, 2.5, 0.0)];
        assert_eq!(rate(&at, &reload, &[]), anew);
        assert_eq!(rate(&at, &reload, &[2]), anew);
        let more = [Some(1), Some(2), Some(200), Some(210), Some(210), Some(210)];
        assert_eq!(
            rate(&at, &more, &[2])[1],
            (1.0, 2.0, 10.0),
            "more than before"
        );
    }

    #[test]
    fn steps_are_one_shape_until_there_is_a_gap() {
        // The axis has a little more after the end.
        let entry = Entry {
            seconds: 10.0 / 1.035,
            ..Default::default()
        };
        let axis = Axis::of(&entry);
        let step = |from, to, value| Step { from, to, value };
        let steps = [
            step(0.0, 1.0, 2.0),
            step(1.0, 2.0, 4.0),
            step(5.0, 6.0, 0.0),
        ];
        assert_eq!(
            path(&steps, &axis, 4.0, true),
            "M0.00 100V50.00H100.00V0.00H200.00V100ZM500.00 100V100.00H600.00V100Z"
        );
        assert_eq!(
            path(&steps, &axis, 4.0, false),
            "M0.00 50.00H100.00V0.00H200.00M500.00 100.00H600.00"
        );
        assert_eq!(
            describe(&steps, "/s"),
            "at most 4/s at 1.00 s; at the end 0/s"
        );
    }
}
