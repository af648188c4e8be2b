//! `agent doctor`: the whole set-up looked at read-only, point by point.

pub mod cfg;
mod point;

pub use point::{Point, Verdict};
