//! An operation on an app with targets is one on its current target: exchanges the view of the app,
//! and keeps the record.

use super::chosen::{self, Current};
use super::current::{current, seen_at};
use crate::config::AppSettings;
use crate::host::{ThisHost, look_at_targets};
use crate::operation::Operation;
use crate::restart::Verb;
use crate::state::directory;
use crate::state::journal::Journal;
use crate::state::target::{self, Intent};

impl Operation<'_> {
    /// The app seen at its current target, or at the one that the operator has named. An app
    /// without targets is seen as it is.
    ///
    /// # Errors
    ///
    /// Why the operation has no target, and what to run.
    pub(in crate::operation) async fn app_at_target(&self) -> Result<AppSettings, String> {
        if !self.app.has_targets() {
            return Ok(self.app.clone());
        }
        self.no_switch_is_cut_short()?;
        let current = match &self.options.to {
            Some(to) => Some(self.asked(to).await?),
            None => current(self.settings, self.app).await?,
        };
        Ok(seen_at(self.app, current.as_ref()))
    }

    async fn asked(&self, to: &str) -> Result<Current, String> {
        let looks = look_at_targets(self.settings, self.app).await?;
        chosen::asked(self.app, to, &looks)
    }

    /// The same operation on this view of the app.
    pub(in crate::operation) fn seen_at<'a>(&'a self, app: &'a AppSettings) -> Operation<'a> {
        Operation {
            app,
            options: self.options.clone(),
            again: self.again.clone(),
            ..*self
        }
    }

    /// Two targets may have open gates after that, and only a recovery knows which one goes on.
    /// Nothing keeps a host that goes down from closing.
    fn no_switch_is_cut_short(&self) -> Result<(), String> {
        let app = &self.app.name;
        let needs_one = matches!(
            self.effective_verb(),
            Verb::Restart | Verb::Close | Verb::Open
        );
        match Journal::unfinished(self.state_dir(), app) {
            Ok(Some(entry)) if needs_one && entry.is_of_a_switch() => Err(format!(
                "{}: run `agent recover {app}` first",
                entry.cut_short()
            )),
            _ => Ok(()),
        }
    }

    /// Records the target before the operation changes anything, unless the record has it. After a
    /// crash it shows which gates the sidecar opens.
    ///
    /// # Errors
    ///
    /// The record can't be read or written, with the fix.
    pub(in crate::operation) fn record_target(&self) -> Result<(), String> {
        let (hold_dir, app) = (self.settings.agent.hold_dir.as_path(), &self.app.name);
        let Some(to) = self.app.target.as_ref().filter(|_| self.verb != Verb::Stop) else {
            // A sidecar that ends opens nothing, so it chooses no target.
            return Ok(());
        };
        let recorded = match target::find(hold_dir, app) {
            Ok(record) => record.is_some_and(|record| record.current == *to),
            // The operator replaces it.
            Err(_) if self.options.to.is_some() => false,
            Err(error) => return Err(error.to_string()),
        };
        match recorded {
            true => Ok(()),
            false => target::set(hold_dir, app, &Intent::now(to))
                .map_err(|error| directory::unusable("hold_dir", hold_dir, &error)),
        }
    }

    /// Before its gates open: users must not be redirected to another target, or to a page that the
    /// configuration no longer has.
    ///
    /// # Errors
    ///
    /// They may be, and why.
    pub(in crate::operation) async fn unpark_this_target(
        &self,
        host: &mut ThisHost,
    ) -> Result<(), String> {
        let opens = matches!(self.verb, Verb::Open | Verb::Recover);
        if !opens {
            return Ok(());
        }
        host.unpark(self.settings).await.map_err(|error| {
            format!(
                "the port of {} may still be redirected to another target: {error}",
                self.app.label()
            )
        })
    }
}
