//! A figure from several measurements.

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Spread {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (upper, lower) = (sorted.len() / 2, (sorted.len() - 1) / 2);
        Spread {
            median: f64::midpoint(sorted[lower], sorted[upper]),
            min: sorted[0],
            max: sorted[sorted.len() - 1],
        }
    }
}
