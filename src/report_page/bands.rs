//! Draws the status of each line over time as a band. Its height has the same meaning as its
//! colour: a line that gets more users is higher.

use super::scale::{Axis, percent, seconds};
use crate::history::Entry;
use crate::report::{BalancerSamples, LineSamples, Stretch};

/// The bands of one balancer.
pub(crate) struct Bands {
    pub name: String,
    pub lines: Vec<Band>,
}

/// The band of one line.
pub(crate) struct Band {
    pub name: String,
    pub role: String,
    pub parts: Vec<Part>,
    /// The band in words.
    pub description: String,
}

/// A stretch of one status.
pub(crate) struct Part {
    pub kind: &'static str,
    pub word: String,
    pub x: String,
    pub width: String,
    /// The width of the drawing from which its word is shown; 0: never.
    pub fits: u32,
    pub description: String,
}

/// The most parts that the words describe.
const DESCRIBED: usize = 30;

pub(crate) fn bands(entry: &Entry, axis: &Axis) -> Vec<Bands> {
    let samples = entry.samples.iter();
    let all = samples.flat_map(|samples| {
        let bands = |balancer: &BalancerSamples| Bands {
            name: balancer.name.clone(),
            lines: balancer
                .lines
                .iter()
                .map(|line| band(balancer, line, &samples.at, axis))
                .collect(),
        };
        samples.balancers.iter().map(bands).collect::<Vec<_>>()
    });
    all.collect()
}

fn band(balancer: &BalancerSamples, line: &LineSamples, at: &[f64], axis: &Axis) -> Band {
    let seen = line.stretches(at, axis.total());
    // Leaves out the gap after the end, when the agent no longer asks.
    let seen = seen
        .into_iter()
        .filter(|it| it.status.is_some() || it.to < axis.total());
    let seen: Vec<Stretch> = seen.collect();
    let mut parts: Vec<Part> = seen.iter().map(|stretch| part(stretch, axis)).collect();
    let unseen = balancer.unseen(at, axis.total());
    parts.extend(unseen.iter().map(|(stretch, why)| Part {
        kind: "unseen",
        description: format!("could not be seen {}: {why}", span(stretch, axis)),
        word: "?".to_owned(),
        ..part(stretch, axis)
    }));
    let description: Vec<&str> = parts
        .iter()
        .take(DESCRIBED)
        .map(|part| part.description.as_str())
        .collect();
    Band {
        name: line.name.clone(),
        role: role(&line.role),
        description: description.join("; "),
        parts,
    }
}

pub(crate) fn role(role: &str) -> String {
    role.replace('_', " ")
}

fn part(stretch: &Stretch, axis: &Axis) -> Part {
    let word = stretch.status.unwrap_or("not asked");
    Part {
        kind: stretch.status.map_or("gap", kind),
        x: axis.x(stretch.from),
        width: percent(axis.place(stretch.to) - axis.place(stretch.from)),
        fits: axis
            .fits(word.chars().count(), stretch.from, stretch.to)
            .unwrap_or(0),
        description: format!("{word} {}", span(stretch, axis)),
        word: word.to_owned(),
    }
}

fn span(stretch: &Stretch, axis: &Axis) -> String {
    let from = seconds(stretch.from);
    match stretch.to < axis.total() {
        true => format!("from {from} to {}", seconds(stretch.to)),
        false => format!("from {from} to the end"),
    }
}

/// The meaning of HAProxy's word for users.
fn kind(status: &str) -> &'static str {
    let word = status.split(' ').next().unwrap_or_default();
    match (word, status.contains('/') && !status.contains('(')) {
        _ if status.ends_with("(weight 0)") => "held",
        ("UP", false) => "up",
        ("UP" | "DOWN", true) => "turning",
        ("DOWN", false) => "down",
        ("MAINT" | "DRAIN" | "NOLB", _) => "held",
        _ => "unchecked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_haproxy_has_a_kind() {
        for (status, is) in [
            ("UP", "up"),
            ("UP 1/3", "turning"),
            ("DOWN", "down"),
            ("DOWN (agent)", "down"),
            ("DOWN 1/2", "turning"),
            ("UP (weight 0)", "held"),
            ("UP 1/3 (weight 0)", "held"),
            ("NOLB", "held"),
            ("DRAIN (agent)", "held"),
            ("MAINT (via srvs/web1)", "held"),
            ("no check", "unchecked"),
        ] {
            assert_eq!(kind(status), is, "{status}");
        }
    }
}
