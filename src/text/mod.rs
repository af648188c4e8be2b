//! Text to read: escapes control characters, and wraps long lines for a terminal.

mod escape;
mod wrap;

pub use escape::{escape, escape_within};
pub use wrap::{WIDTH, lines, wrapped};
