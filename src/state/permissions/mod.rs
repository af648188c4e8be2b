//! Checks that root alone may write what the agent reads or runs as root. Any other user who
//! could change it would get root's rights.
//!
//! The check covers the file itself and every step on the way to it: each directory, each
//! symlink, and the target of the symlink. Root's group may write. With an ACL, the group bits
//! are its mask and may include any user.
//!
//! The check has limits: another user may have opened the file while it still belonged to them.
//! It stays open for them. A program that runs already stays as it is, too.

use nix::fcntl::OFlag;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::string::FromUtf8Error;

/// As many symlinks as the kernel follows.
const LINKS: usize = 40;
const STICKY: u32 = 0o1000;

/// A path that others than root may write, with the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {what}; fix: {fix}", path.display())]
pub struct Untrusted {
    path: PathBuf,
    what: String,
    /// The command that makes it root's alone, or what to name instead.
    pub fix: String,
    command: String,
    is_others: bool,
}

impl Untrusted {
    /// The same, for a setting whose `default` is a directory of the agent. A directory that others
    /// use stays as it is: the fix is the line that names another one.
    pub fn of_setting(self, key: &str, default: &str) -> Untrusted {
        let is_default = Path::new(default).starts_with(&self.path);
        let fix = match self.is_others {
            true if !is_default => format!("{key} = \"{default}\""),
            true => self.command.clone(),
            false => return self,
        };
        Untrusted { fix, ..self }
    }

    /// The path and what is wrong with it, without the fix.
    pub fn found(&self) -> String {
        format!("{} {}", self.path.display(), self.what)
    }
}

/// Err: others than root may write the file, or a step on the way to it. A missing file is fine,
/// but the directories on the way to it are checked.
///
/// A sticky directory (`/tmp`) on the way is fine: no other user can replace what root has in it.
/// A process without root's rights has none to lend, so every path is fine.
pub fn check(path: &Path) -> Result<(), Untrusted> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(());
    }
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut left = steps(&path);
    let mut here = PathBuf::from("/");
    let mut links = 0;
    while let Some(step) = left.pop_front() {
        if step == ".." {
            here.pop();
            continue;
        }
        judge_at(&here, false)?;
        here.push(step);
        if let Some(target) = judge_at(&here, left.is_empty())? {
            here.pop();
            links += 1;
            if links > LINKS {
                return Ok(()); // The kernel follows it no further either.
            }
            if target.is_absolute() {
                here = PathBuf::from("/");
            }
            let mut target = steps(&target);
            target.append(&mut left);
            left = target;
        }
    }
    judge_at(&here, true).map(drop)
}

/// Opens a file that root alone may write.
///
/// Checks the way first, because it must not even open another user's pipe. Then it checks the
/// file that it opened. Where root alone can change the way, nothing changes in between.
///
/// # Errors
///
/// What the system says, or [`Untrusted`] as its text.
pub fn open(path: &Path) -> io::Result<File> {
    check(path).map_err(refused)?;
    // A pipe would wait for its writer, for ever.
    let nonblocking = OFlag::O_NONBLOCK.bits();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nonblocking)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other(NotRegular));
    }
    if nix::unistd::geteuid().is_root() {
        judge(path, &file.metadata()?, true).map_err(refused)?;
    }
    Ok(file)
}

/// A directory, a pipe or a device is at the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a regular file")]
pub struct NotRegular;

/// What to do about a file of the agent's own. An operator's file must never be removed.
pub fn of_the_agent(error: io::Error) -> io::Error {
    let inner = error.get_ref();
    match inner.is_some_and(|inner| inner.is::<NotRegular>()) {
        true => io::Error::other(format!("{NotRegular}: remove it")),
        false => error,
    }
}

/// No file of ours is nearly as large.
const LARGEST: u64 = 1024 * 1024;

/// The text of a file that root alone may write.
///
/// # Errors
///
/// As [`open`], or that it is no UTF-8 or larger than 1 MiB.
pub fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let read = open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    match u64::try_from(read).is_ok_and(|read| read < LARGEST) {
        true => String::from_utf8(bytes).map_err(|error| no_text(&error)),
        false => Err(io::Error::other("too large: the limit is 1 MiB")),
    }
}

/// Says where a file is no UTF-8. An editor of Windows writes UTF-16.
fn no_text(error: &FromUtf8Error) -> io::Error {
    let (bytes, valid) = (error.as_bytes(), error.utf8_error().valid_up_to());
    let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let line = bytes[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
    let what = match bytes.get(valid) {
        _ if is_utf16 => "it is UTF-16".to_owned(),
        Some(byte) => format!("line {line} has a byte that is no UTF-8 (0x{byte:02x})"),
        None => format!("line {line} is no UTF-8"),
    };
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{what}: save it as UTF-8"),
    )
}

fn refused(untrusted: Untrusted) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, untrusted)
}

/// The names of a path. `..` is kept, because it goes up from the target of a symlink.
fn steps(path: &Path) -> VecDeque<OsString> {
    let named =
        |component: &Component| matches!(component, Component::Normal(_) | Component::ParentDir);
    let components = path.components().filter(named);
    components
        .map(|component| component.as_os_str().to_owned())
        .collect()
}

/// The target of a symlink. None: it is none, or not there.
fn judge_at(path: &Path, last: bool) -> Result<Option<PathBuf>, Untrusted> {
    let Ok(found) = fs::symlink_metadata(path) else {
        return Ok(None);
    };
    judge(path, &found, last)?;
    let target = found.is_symlink().then(|| fs::read_link(path).ok());
    Ok(target.flatten())
}

fn judge(path: &Path, found: &Metadata, last: bool) -> Result<(), Untrusted> {
    let mode = found.mode() & 0o7777;
    let shared = match found.gid() {
        0 if !has_acl(path) => 0o002,
        _ => 0o022,
    };
    let sticky_way = found.is_dir() && !last && mode & STICKY != 0;
    // No user has written what a device (/dev/null) returns.
    let stored = !found.is_symlink() && !found.file_type().is_char_device();
    let written = stored && !sticky_way && mode & shared != 0;
    let owned = found.uid() == 0;
    let (shown, uid) = (path.display(), found.uid());
    // The fix changes the symlink itself, not its target.
    let chown = if found.is_symlink() {
        "chown -h"
    } else {
        "chown"
    };
    let (what, command) = match (owned, written) {
        (true, false) => return Ok(()),
        (false, false) => (
            format!("belongs to uid {uid}, not to root"),
            format!("{chown} root:root {shown}"),
        ),
        (true, true) => (
            format!("is writable by users other than root (mode {mode:04o})"),
            format!("chmod go-w {shown}"),
        ),
        (false, true) => (
            format!(
                "belongs to uid {uid}, not to root, and is writable by other users (mode \
                 {mode:04o})"
            ),
            format!("{chown} root:root {shown} && chmod go-w {shown}"),
        ),
    };
    let is_shared = found.is_dir() && last && is_shared(path, mode);
    Err(Untrusted {
        path: path.to_owned(),
        what,
        fix: match is_shared {
            true => "name a directory in which only root may write".to_owned(),
            false => command.clone(),
        },
        command,
        is_others: found.is_dir() && (is_shared || !owned),
    })
}

/// A directory of the system: other programs need its mode and its owner. One that is not
/// sticky has a group of its own (`/var/log`), or a name that each system has.
fn is_shared(path: &Path, mode: u32) -> bool {
    let steps = steps(path);
    let first = steps.front().and_then(|step| step.to_str());
    let is_standard = steps.len() == 2 && matches!(first, Some("home" | "usr" | "var"));
    mode & STICKY != 0 || mode & 0o022 == 0o020 || steps.len() < 2 || is_standard
}

fn has_acl(path: &Path) -> bool {
    rustix::fs::lgetxattr(path, "system.posix_acl_access", &mut [0_u8; 0][..]).is_ok()
}

#[cfg(test)]
mod tests;
