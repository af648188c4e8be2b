//! Text for people: control characters escaped, and long lines wrapped for a terminal.

mod escape;
mod wrap;

pub use escape::{escape, escape_within};
pub use wrap::{WIDTH, lines, wrapped};
