//! Text to read: escapes control characters, and wraps long lines for a terminal. Names of units,
//! as systemctl takes them. Command lines to paste into a shell.
//! Errors of the system in a few words.

mod escape;
mod io_error;
mod shell;
mod unit_name;
mod wrap;

pub use escape::{escape, escape_within, has_control};
pub use io_error::plain;
pub use shell::shell_line;
pub use unit_name::unit_name;
pub use wrap::{WIDTH, lines, wrapped};
