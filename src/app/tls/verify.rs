//! The certificates against which the probe verifies the app's.

use std::path::PathBuf;

/// The certificates against which the probe verifies the app's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verify {
    /// None: the probe accepts any TLS server as the app.
    Nothing,
    /// The CAs that the system trusts.
    System,
    /// The certificates of this file (PEM): a CA, or the app's own.
    File(PathBuf),
}
