//! What one operation did: its phases with their times, the shares of its time, and how the gates
//! and the balancers were at the end.

mod balancer;
mod detection;
mod draft;
mod gate;
mod model;
mod samples;
mod shares;
mod watched;

pub use balancer::BalancerReport;
pub use detection::Detection;
pub use draft::Draft;
pub use gate::GateReport;
pub use model::Report;
pub use samples::{BalancerSamples, LineSamples, Samples, Stretch};
pub use shares::{Before, Shares};
pub use watched::{Watched, Watching};
