//! The PEM files that `[lock]` names. A file that can't be used is as a server that is away: only the
//! commands that take the lock need it.

use crate::app::check_client;
use nix::unistd::geteuid;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// PEM files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// The CA of the server. None: the CAs that the system trusts.
    pub ca: Option<PathBuf>,
    /// The certificate of this host and its key.
    pub own: Option<(PathBuf, PathBuf)>,
}

/// Why a file can't be used, with its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFault {
    /// Only root can read it, and another user asks.
    NeedsRoot(String),
    /// No user can use it.
    Unusable(String),
}

impl TlsFiles {
    /// The certificate of this host and its key.
    pub(super) fn own(&self) -> Option<(&Path, &Path)> {
        let own = self.own.as_ref();
        own.map(|(certificate, key)| (certificate.as_path(), key.as_path()))
    }

    fn all(&self) -> impl Iterator<Item = &Path> {
        let own = self.own().into_iter().flat_map(<[&Path; 2]>::from);
        self.ca.as_deref().into_iter().chain(own)
    }

    /// Reads them all.
    pub(super) fn check(&self) -> Result<(), FileFault> {
        check_client(self.ca.as_deref(), self.own()).map_err(|why| {
            let is_denied = self.all().any(|path| {
                why.starts_with(&path.display().to_string()) && is_denied(File::open(path))
            });
            match is_denied && !geteuid().is_root() {
                true => FileFault::NeedsRoot(why),
                false => FileFault::Unusable(why),
            }
        })
    }
}

fn is_denied<T>(opened: io::Result<T>) -> bool {
    opened.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileFault::NeedsRoot(why) => write!(f, "unknown: needs root ({why})"),
            FileFault::Unusable(why) => write!(f, "{why}"),
        }
    }
}
