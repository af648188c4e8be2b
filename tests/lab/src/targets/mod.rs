//! Hosts with two targets each, `blue` and `green`, behind one HAProxy: the set-up of `agent switch`.
//! Blue listens on port 1000 and green on 1001. Their gates are at 2000 and 2001, those of the twins
//! at 3000 and 3001.

mod at_rest;
mod by_hand;
mod capacity;
mod farm;
mod lines;
mod owned;
mod remote;
mod steps;
mod target;

pub use capacity::{Capacity, Looks};
pub use farm::Farm;
pub use lines::{Cookie, FLOOR, Lines};
pub use target::{BLUE, GREEN, Target};
