//! Whether the windows of the configuration let writes be refused from now on.

use super::Readonly;
use super::end::End;
use super::report::Draft;
use crate::operation::windows::{Permission, outside_in_any_case, permission};
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
            Permission::Denied(why) => {
                let call: Vec<&str> = self.call.iter().map(String::as_str).collect();
                let (begins, has_reason) = (self.outside_window, self.reason.is_some());
                let notice = outside_in_any_case(&why, begins, has_reason, &call);
                draft.notices.push(notice.map_err(End::OutsideWindow)?);
                Ok(())
            }
        }
    }
}
