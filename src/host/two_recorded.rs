//! What a switch between two targets records, and when: from the begin of Leave on the new target is
//! current, and from the begin of TakeBack on the old one. Leave begins once every balancer shows the new
//! target UP. So after a crash, and after a reboot without a journal, the sidecar opens a target that has
//! served. The target that goes is recorded as ready, without an end, until the switch stops or keeps it.

use super::TwoHosts;
use crate::restart::switch::Part;
use crate::state::directory;
use crate::state::target::{self, Intent};
use std::io;

impl TwoHosts {
    /// Records the current target, unless the record has it.
    pub(super) fn record(&self, current: Part) -> Result<(), String> {
        if let Some(page) = self.page() {
            return self.record_maintenance(page == current);
        }
        let (name, other) = (self.name(current), self.name(current.other()));
        let (hold_dir, app) = (&self.old.hold_dir, &self.old.app.name);
        let before = target::find(hold_dir, app).map_err(|error| error.to_string())?;
        let same = before.filter(|before| before.current == name);
        let is_ready = |same: &Intent| same.ready.as_deref() == Some(other);
        match &same {
            // Before the begin of Leave the record is as the switch found it.
            Some(_) if current == Part::Old => return Ok(()),
            // The time of a finish stays, in case it does not come to its end.
            Some(same) if is_ready(same) => return Ok(()),
            _ => {}
        }
        let intent = Intent {
            ready: Some(other.to_owned()),
            ready_until_unix_s: None,
            ready_failed: false,
            ..same.unwrap_or_else(|| Intent::now(name))
        };
        target::set(hold_dir, app, &intent)
            .map_err(|error| directory::unusable("hold_dir", hold_dir, &error))
    }

    /// This target does not run any more.
    pub(crate) fn record_stopped(&self, part: Part) {
        let changed = self.change_record(|intent| match intent.ready.as_deref() {
            Some(ready) if ready == self.name(part) => intent.without_ready(),
            _ => intent,
        });
        if let Err(error) = changed {
            tracing::warn!(%error, "the record still has the stopped target as ready");
        }
    }

    /// Changes the record that is there.
    pub(crate) fn change_record(&self, change: impl FnOnce(Intent) -> Intent) -> io::Result<()> {
        let (hold_dir, app) = (&self.old.hold_dir, &self.old.app.name);
        let Some(before) = target::find(hold_dir, app)? else {
            return Ok(());
        };
        let after = change(before.clone());
        match after == before {
            true => Ok(()),
            false => target::set(hold_dir, app, &after),
        }
    }
}
