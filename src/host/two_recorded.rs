//! What a switch between two targets records, and when: from the begin of Leave on the new target is
//! current, and from the begin of TakeBack on the old one. Leave begins once every balancer shows the new
//! target UP. So after a crash, and after a reboot without a journal, the sidecar opens a target that has
//! served. The target that goes is recorded as ready, without an end, until the switch stops or keeps it.
//! A new one that this switch has started and now takes back is recorded as failed.

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
        let (hold_dir, app) = (&self.old.hold_dir, &self.old.app.name);
        let before = target::find(hold_dir, app).map_err(|error| error.to_string())?;
        let names = (self.name(current), self.name(current.other()));
        let Some(intent) = changed(before, current, names, self.starts) else {
            return Ok(());
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

/// The record once the target `name` is current, beside `other`. None: it stays as it is. `starts`: the
/// switch has started the new target.
fn changed(
    before: Option<Intent>,
    current: Part,
    (name, other): (&str, &str),
    starts: bool,
) -> Option<Intent> {
    let same = before.filter(|before| before.current == name);
    match same {
        // Before the begin of Leave the record is as the switch found it.
        Some(_) if current == Part::Old => None,
        // The time of a finish stays, in case it does not come to its end.
        Some(same) if same.ready.as_deref() == Some(other) => None,
        Some(same) => Some(same.with_ready(other, None)),
        None if current == Part::Old && starts => Some(Intent::now(name).with_failed(other)),
        None => Some(Intent::now(name).with_ready(other, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(current: Part, before: Option<Intent>, starts: bool) -> Option<Intent> {
        let names = match current {
            Part::Old => ("blue", "green"),
            Part::New => ("green", "blue"),
        };
        let after = changed(before, current, names, starts)?;
        Some(Intent {
            since_unix_s: 0,
            ..after
        })
    }

    fn at(current: &str) -> Intent {
        Intent {
            since_unix_s: 0,
            ..Intent::now(current)
        }
    }

    #[test]
    fn the_target_that_goes_is_ready() {
        let left = Some(at("green").with_ready("blue", None));
        assert_eq!(to(Part::New, Some(at("blue")), true), left);
        assert_eq!(to(Part::New, None, true), left);
        assert_eq!(to(Part::New, Some(at("green")), true), left);
        assert_eq!(to(Part::New, left, true), None);
    }

    #[test]
    fn a_target_that_was_started_and_taken_back_is_no_way_back() {
        let left = Some(at("green").with_ready("blue", None));
        let failed = Some(at("blue").with_failed("green"));
        assert_eq!(to(Part::Old, left.clone(), true), failed);
        assert_eq!(to(Part::Old, failed, true), None);
        // `--back`: the new target has served before.
        let ready = Some(at("blue").with_ready("green", None));
        assert_eq!(to(Part::Old, left, false), ready);
    }

    #[test]
    fn before_the_leave_the_record_is_as_the_switch_found_it() {
        assert_eq!(to(Part::Old, Some(at("blue")), true), None);
    }
}
