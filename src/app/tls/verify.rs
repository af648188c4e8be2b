//! Against what an app's certificate is verified.

use std::path::PathBuf;

/// Against what the app's certificate is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verify {
    /// Against nothing: whatever answers by TLS is taken for the app.
    Nothing,
    /// The CAs that the system trusts.
    System,
    /// The certificates of this file (PEM): a CA, or the app's own.
    File(PathBuf),
}
