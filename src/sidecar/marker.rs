//! What the sidecar remembers of an app's marker.

use super::retry::Retry;

/// What the sidecar has seen of the marker.
#[derive(Debug, Default)]
pub(super) struct Marker {
    pub(super) retry: Option<Retry>,
    /// The problem that was last logged.
    pub(super) trouble: Option<String>,
}
