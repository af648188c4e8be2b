//! Units of systemd over the system bus: whether a unit fits, its job, its state and its related
//! units. The types ([`Job`], [`UnitError`], [`UnitState`]) know nothing of the bus.

mod error;
mod fit;
mod job;
mod memory;
mod run;
mod unit;
mod units;

pub use error::{UnitError, UnitState};
pub use fit::NO_BOOT;
pub use job::Job;
pub(super) use memory::{limits, memory};
pub(super) use run::{run, settle};
pub(super) use unit::{check, instance, is_running, starts_at_boot};
pub use units::not_enabled;
pub(super) use units::{conflicts, id, stopped_with, stops_after, unit_of};
