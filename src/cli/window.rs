//! The option of the operations that may begin only within the windows of the configuration.

use clap::Args;

#[derive(Debug, Args)]
pub(super) struct OutsideWindow {
    /// Begin also outside of `[agent] windows`: for an emergency, and only with a --reason
    ///
    /// `agent history` shows both. Without windows in the configuration, and within them, it does
    /// nothing.
    #[arg(long, requires = "reason")]
    pub(super) outside_window: bool,
}
