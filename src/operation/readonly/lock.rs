//! The lock of an app's marker. An operation on the app has another one, and goes on beside it.

use super::Readonly;
use super::end::End;
use crate::signals::StopSignal;
use crate::state::directory;
use crate::state::lock::{Lock, LockError, Owner, describe};
use std::path::Path;
use std::time::{Duration, Instant};

/// The sidecar needs the lock for a moment.
const MOMENT: Duration = Duration::from_secs(10);

const AGAIN: Duration = Duration::from_millis(20);

impl Readonly<'_> {
    /// A dry run takes none, and only looks whether it is free.
    pub(super) async fn lock(&self, stop: &StopSignal) -> Result<Option<Lock>, End> {
        if !nix::unistd::geteuid().is_root() {
            let needs = "iptables and the state directory need root: run it with sudo";
            return Err(End::refused(needs));
        }
        directory::trusted(self.state_dir(), self.hold_dir(), &self.app.name)
            .map_err(End::refused)?;
        let path = directory::marker_lock(self.state_dir(), &self.app.name);
        if self.dry_run {
            return match Lock::owner(&path) {
                None => Ok(None),
                Some(owner) => Err(End::Locked(describe(owner.as_ref()))),
            };
        }
        self.take(&path, stop).await.map(Some)
    }

    async fn take(&self, path: &Path, stop: &StopSignal) -> Result<Lock, End> {
        let began = Instant::now();
        loop {
            let owner = match Lock::take(path, &Owner::new(self.command())) {
                Ok(lock) => return Ok(lock),
                Err(LockError::Held(owner)) => owner,
                Err(unusable) => return Err(End::refused(unusable)),
            };
            let brief = owner.as_ref().is_some_and(|owner| owner.brief);
            if !brief || began.elapsed() > MOMENT {
                return Err(End::Locked(describe(owner.as_ref())));
            }
            if let Some(signal) = stop.asked() {
                let left = "nothing was changed";
                return Err(End::Interrupted { signal, left });
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
