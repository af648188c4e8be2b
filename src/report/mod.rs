//! What one operation did: its phases with their times, whose seconds those were, and how it
//! left the gates and the balancers.

mod detection;
mod model;
mod samples;
mod shares;
mod watched;

pub use detection::Detection;
pub use model::{BalancerReport, GateReport, Report};
pub use samples::{BalancerSamples, LineSamples, Samples, Stretch};
pub use shares::{Before, Shares};
pub use watched::{Watched, Watching};
