//! The folder of the page. The kernel itself sees to it that no file outside of it is opened, neither
//! by `..` nor by a symlink.

use crate::state::permissions;
use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat2};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    open: OwnedFd,
}

impl Folder {
    pub(super) fn open(path: &Path) -> io::Result<Folder> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Folder {
            path: path.to_owned(),
            open: open(path, flags, Mode::empty())?,
        })
    }

    /// The whole path of a file in it.
    pub(super) fn path_of(&self, name: &Path) -> PathBuf {
        self.path.join(name)
    }

    /// The bytes of a file in it, up to `most` and one more.
    ///
    /// # Errors
    ///
    /// The reason, in a few words. An agent that runs as root reads no file that other users may
    /// write.
    pub(super) fn read(&self, name: &Path, most: usize) -> Result<Vec<u8>, String> {
        // A pipe would wait for its writer, for ever.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let opened = openat2(
            &self.open,
            name,
            flags,
            Mode::empty(),
            ResolveFlags::BENEATH,
        );
        let path = self.path_of(name);
        let file = File::from(opened.map_err(|errno| self.why(&path, errno))?);
        permissions::check(&path).map_err(|untrusted| untrusted.to_string())?;
        let read = || {
            let mut bytes = Vec::new();
            let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
            file.take(limit).read_to_end(&mut bytes).map(|_| bytes)
        };
        read().map_err(|error| format!("{}: {}", path.display(), crate::text::plain(&error)))
    }

    fn why(&self, path: &Path, errno: Errno) -> String {
        let folder = self.path.display();
        match errno {
            Errno::XDEV | Errno::LOOP => format!(
                "it leads out of {folder}: copy the file into that folder, and write its name"
            ),
            Errno::NOENT | Errno::NOTDIR => {
                format!(
                    "there is no {}: put the file there, or correct the name",
                    path.display()
                )
            }
            Errno::ACCESS => unreadable(path),
            other => {
                let why = crate::text::plain(&other.into());
                format!("{}: {why}", path.display())
            }
        }
    }
}

/// The server of the page runs as a user of its own.
pub(super) fn unreadable(path: &Path) -> String {
    let path = path.display();
    format!(
        "{path} can't be read by every user, as the page's server needs: run `chmod a+r {path}`"
    )
}
