//! Text to read: escapes control characters, and wraps long lines for a terminal.

mod escape;
mod wrap;

pub use escape::{escape, escape_within, has_control};
pub use wrap::{WIDTH, lines, wrapped};
