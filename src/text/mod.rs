//! Text to read: escapes control characters, and wraps long lines for a terminal. Names of units,
//! as systemctl takes them.

mod escape;
mod unit_name;
mod wrap;

pub use escape::{escape, escape_within, has_control};
pub use unit_name::unit_name;
pub use wrap::{WIDTH, lines, wrapped};
