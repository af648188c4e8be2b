//! Text to read: escapes control characters, and wraps long lines for a terminal. Names of units,
//! as systemctl takes them. Command lines to paste into a shell.

mod escape;
mod shell;
mod unit_name;
mod wrap;

pub use escape::{escape, escape_within, has_control};
pub use shell::shell_line;
pub use unit_name::unit_name;
pub use wrap::{WIDTH, lines, wrapped};
