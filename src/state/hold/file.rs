//! Writes, finds and removes the hold on an app's gates.

use super::{Failure, Held, Hold};
use crate::state::{StateFile, directory};
use nix::unistd::AccessFlags;
use std::io;
use std::path::Path;

/// Marks the app's gates as closed. Another owner's earlier hold stays.
pub fn set(hold_dir: &Path, hold: &Hold) -> io::Result<()> {
    let app = &hold.invocation.app;
    match find(hold_dir, app) {
        Some(Held::By(there)) if hold.gives_way_to(&there) => return Ok(()),
        Some(Held::Unknown) if hold.owner.is_some() => return Ok(()),
        _ => {}
    }
    directory::make_trusted("hold_dir", hold_dir)?;
    StateFile::Hold.write(hold_dir, app, hold)
}

/// Marks the app's gates as closed until a command opens them. The agent does so after a failure.
/// An operator's hold keeps its reason, and no longer ends by itself.
pub fn until_opened(hold_dir: &Path, failure: Failure) -> io::Result<()> {
    let there = match now(hold_dir, &failure.invocation.app) {
        Some(Held::By(there)) if there.is_an_operators() => Some(there),
        _ => None,
    };
    let hold = match there {
        Some(there) => there.after(failure),
        None => failure.hold(),
    };
    set(hold_dir, &hold)
}

/// Removes an earlier failure from an operator's hold, which is then as the operator set it.
pub fn settled(hold_dir: &Path, app: &str) -> io::Result<()> {
    match find(hold_dir, app) {
        Some(Held::By(hold)) if hold.also.is_some() => {
            let hold = Hold {
                also: None,
                failed: None,
                before: None,
                ..hold
            };
            StateFile::Hold.write(hold_dir, app, &hold)
        }
        _ => Ok(()),
    }
}

/// Whether holds can be written and removed there.
pub fn may_change(hold_dir: &Path) -> io::Result<()> {
    directory::make(hold_dir)?;
    Ok(nix::unistd::access(hold_dir, AccessFlags::W_OK)?)
}

/// Marks the gates for as long as an upgrade runs, and returns the earlier hold. One that can't
/// be read stays: it holds the gates closed as well, and could not be restored.
pub fn during_upgrade(hold_dir: &Path, cut_short: Failure) -> io::Result<Option<Held>> {
    let before = find(hold_dir, &cut_short.invocation.app);
    if before != Some(Held::Unknown) {
        until_opened(hold_dir, cut_short)?;
    }
    Ok(before)
}

/// Restores the hold as [`during_upgrade`] found it, in one step for an operator's. In a moment
/// without a hold a crash would lose it, and the sidecar would open the gates.
pub fn as_before(hold_dir: &Path, app: &str, before: Option<&Held>) -> io::Result<()> {
    match before {
        None => lift(hold_dir, app),
        Some(Held::By(hold)) => StateFile::Hold.write(hold_dir, app, hold),
        Some(Held::Unknown) => Ok(()),
    }
}

/// The hold on the app's gates, also one that is over.
pub fn find(hold_dir: &Path, app: &str) -> Option<Held> {
    match StateFile::Hold.read(hold_dir, app) {
        Ok(hold) => hold.map(Held::By),
        Err(_) => Some(Held::Unknown),
    }
}

/// The hold on the app's gates that is in effect now.
pub fn now(hold_dir: &Path, app: &str) -> Option<Held> {
    find(hold_dir, app).filter(|held| !held.is_over())
}

/// Removes the hold: the gates are open again, or may be.
pub fn lift(hold_dir: &Path, app: &str) -> io::Result<()> {
    StateFile::Hold.remove(hold_dir, app)
}
