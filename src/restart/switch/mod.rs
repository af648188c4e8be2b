//! The rules of a switch: from one target of an app to another, without a moment in which no
//! healthy target is open.
//!
//! ```text
//! (Prepare) -> Start -> Healthy -> (Verify) -> Unpark -> Join -> Leave -> (Sticky -> Shed) -> Drain
//!        \________\__________\__________/          \      /  \______\__________\________\____/
//!                  Stop the new one                Withdraw <------------ TakeBack
//!
//! Drain -> (Settle) -> Park -> (Stop)         Withdraw -> Park -> (Stop), of the new one
//! ```

mod after;
mod back;
mod before;
mod decide;
mod end;
mod idle;
mod maintenance;
mod message;
mod model;
mod phase;
mod predicates;
mod ready;
mod signals;
mod start;
mod step;

pub(super) use decide::decide;
pub use idle::closes_idle;
pub use message::{Names, THE_APP, THE_PAGE};
pub use model::{How, Part, Switching, WhyBack};
pub use phase::SwitchPhase;
pub use ready::{Ends, stays_ready, went_back};
pub(super) use signals::put_off;
