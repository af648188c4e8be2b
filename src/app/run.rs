//! How a target of an app is started and stopped.

/// What starts and stops one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// A unit of systemd, by its full name: `web@blue.service`.
    Systemd {
        /// The unit.
        unit: String,
    },
    /// Two programs with their arguments, never through a shell.
    Commands {
        /// Starts it, and ends once it runs.
        start: Vec<String>,
        /// Stops it. A target that does not run is no error.
        stop: Vec<String>,
    },
}
