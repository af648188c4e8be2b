//! What the balancers showed over an operation, in the form for the history. There is a column for
//! each number, and a word only at each change.

use serde::{Deserialize, Serialize};

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Samples {
    /// The instants, in seconds since the operation began.
    pub at: Vec<f64>,
    /// The balancers, as configured.
    pub balancers: Vec<BalancerSamples>,
}

/// One balancer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BalancerSamples {
    /// Its name.
    pub name: String,
    /// Its lines of ours.
    pub lines: Vec<LineSamples>,
    /// The instants (by their place in [`Samples::at`]) from which another worker answers. Its
    /// counters begin at 0.
    pub anew: Vec<usize>,
    /// The instants from and to which it could not be seen, and why. If a line has no status and
    /// there is no such reason, the balancer was not asked.
    pub unseen: Vec<(usize, usize, String)>,
}

/// One line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LineSamples {
    /// BACKEND/SERVER.
    pub name: String,
    /// Main or twin.
    pub role: String,
    /// HAProxy's word for it from an instant on; None: it could not be seen.
    pub status: Vec<(usize, Option<String>)>,
    /// scur + qcur at each instant.
    pub in_flight: Vec<Option<u64>>,
    /// stot at each instant.
    pub sessions: Vec<Option<u64>>,
}

/// A stretch of time with one status.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch<'a> {
    /// Its first instant.
    pub from: f64,
    /// Its end.
    pub to: f64,
    /// None: it could not be seen.
    pub status: Option<&'a str>,
}

impl LineSamples {
    /// The status over time; the last one lasts until `end`. Entries of a file with places that
    /// do not exist are left out.
    pub fn stretches(&self, at: &[f64], end: f64) -> Vec<Stretch<'_>> {
        let mut stretches = Vec::new();
        for (number, (first, status)) in self.status.iter().enumerate() {
            let next = self.status.get(number + 1).map(|(next, _)| *next);
            let to = next.map_or(Some(end), |next| at.get(next).copied());
            let (Some(from), Some(to)) = (at.get(*first).copied(), to) else {
                continue;
            };
            if to > from {
                stretches.push(Stretch {
                    from,
                    to,
                    status: status.as_deref(),
                });
            }
        }
        stretches
    }
}

impl BalancerSamples {
    /// When it could not be seen, and why. A gap at the last instant lasts until `end`.
    pub fn unseen(&self, at: &[f64], end: f64) -> Vec<(Stretch<'_>, &str)> {
        let time = |place: usize| match place == at.len() {
            true => Some(end),
            false => at.get(place).copied(),
        };
        let unseen = self.unseen.iter().filter_map(|(from, to, why)| {
            let stretch = Stretch {
                from: *at.get(*from)?,
                to: time(*to)?,
                status: None,
            };
            (stretch.to > stretch.from).then_some((stretch, why.as_str()))
        });
        unseen.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_lasts_until_the_next() {
        let up = || Some("UP".to_owned());
        let line = LineSamples {
            status: vec![(0, up()), (2, None), (3, up())],
            ..LineSamples::default()
        };
        let at = [0.0, 1.0, 2.0, 3.0];
        let stretches = line.stretches(&at, 4.0);
        let found: Vec<_> = stretches.iter().map(|s| (s.from, s.to, s.status)).collect();
        assert_eq!(
            found,
            [
                (0.0, 2.0, Some("UP")),
                (2.0, 3.0, None),
                (3.0, 4.0, Some("UP"))
            ]
        );
        assert_eq!(line.stretches(&[], 4.0), [], "no place that there is not");
    }

    #[test]
    fn a_balancer_unseen_at_the_last_look_stays_unseen_to_the_end() {
        let why = |why: &str| why.to_owned();
        let balancer = BalancerSamples {
            unseen: vec![(0, 1, why("a")), (2, 3, why("b")), (3, 5, why("no place"))],
            ..BalancerSamples::default()
        };
        let unseen = balancer.unseen(&[0.0, 1.0, 2.0], 4.0);
        let found: Vec<_> = unseen.iter().map(|(s, why)| (s.from, s.to, *why)).collect();
        assert_eq!(found, [(0.0, 1.0, "a"), (2.0, 4.0, "b")]);
        let alone = BalancerSamples {
            unseen: vec![(0, 1, why("a"))],
            ..BalancerSamples::default()
        };
        assert_eq!(alone.unseen(&[], 4.0), []);
    }
}
