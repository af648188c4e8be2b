//! Whether the windows of the configuration let writes be refused from now on.

use super::Readonly;
use super::end::End;
use super::report::Draft;
use crate::operation::windows::{Permission, or_else, outside_options, permission};
use crate::state::declared::Declared;

impl Readonly<'_> {
    /// Err: not now. `off` may always begin, and so may another time or reason of what is on already.
    pub(super) fn begins_in_window(
        &self,
        record: Option<&Declared>,
        draft: &mut Draft,
    ) -> Result<(), End> {
        let windows = &self.settings.agent.windows;
        if !self.on || record.is_some() || windows.is_empty() {
            return Ok(());
        }
        match permission(windows) {
            Permission::Granted(_) => Ok(()),
            Permission::Denied(why) if self.outside_window => {
                let why = format!("{why}; --outside-window lets the operation begin now");
                draft.notices.push(why);
                Ok(())
            }
            Permission::Denied(why) => {
                let options = outside_options(self.reason.is_some()).join(" ");
                let call = format!("{} {options}", self.command());
                Err(End::OutsideWindow(or_else(&why, &call)))
            }
        }
    }
}
