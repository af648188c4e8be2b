//! `agent switch`: the request, from the words of the command line.

use super::arguments::Cli;
use super::named::{the_app, the_target};
use super::operate::options;
use super::switch::Switching;
use crate::app::Change;
use crate::config::{AppSettings, Settings};
use crate::operation::{Options, Switch, Way};
use crate::restart::Verb;

impl Cli {
    pub(super) async fn switch(
        &self,
        settings: &Settings,
        switching: &Switching,
    ) -> anyhow::Result<u8> {
        let app = the_app(settings, switching.target.app.as_deref())?;
        may_switch(app, switching)?;
        let options = Options {
            switch: Switch {
                way: match switching {
                    Switching { back: true, .. } => Way::Back,
                    Switching { finish: true, .. } => Way::Finish,
                    _ => Way::Forward,
                },
                prepare: switching.with.as_deref().map(Change::shell),
                keep: switching.keep,
            },
            to: switching.to.clone(),
            outside_window: switching.window.outside_window,
            without_balancers: switching.without.names(settings, app, false)?,
            ..options(&switching.target)
        };
        self.operate(Verb::Switch, settings, &switching.target, options)
            .await
    }
}

/// What the configuration alone refuses.
fn may_switch(app: &AppSettings, switching: &Switching) -> anyhow::Result<()> {
    let (name, names) = (&app.name, app.target_names());
    match (names.as_slice(), &switching.to) {
        ([], _) => anyhow::bail!(
            "app {name} has no targets, so there is nothing to switch to: write \
             [app.{name}.target.X] for two of them, or run `agent restart {name}`"
        ),
        ([only], _) => anyhow::bail!(
            "app {name} has one target, {only}: a switch needs a second one, [app.{name}.target.X]"
        ),
        (_, Some(to)) => the_target(app, to).map(drop),
        (names, None) if names.len() > 2 && !switching.back && !switching.finish => anyhow::bail!(
            "app {name} has several targets: name one of {} with --to",
            names.join(", ")
        ),
        _ => Ok(()),
    }
}
