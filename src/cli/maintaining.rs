//! `agent maintenance`: the page for all users of this host, and the way back.

use super::arguments::Cli;
use super::maintenance::{Ending, Maintaining, What};
use super::named::the_app;
use super::operate::options;
use super::status;
use crate::config::{AppSettings, Settings};
use crate::operation::Options;
use crate::restart::Verb;

impl Cli {
    pub(super) async fn maintenance(
        &self,
        settings: &Settings,
        asked: &Maintaining,
    ) -> anyhow::Result<u8> {
        let (target, without, begins) = match &asked.what {
            What::On(on) => (&on.target, &on.without, Some(on)),
            What::Off(Ending { target, without }) => (target, without, None),
            What::Status(any) => {
                let apps = any.with(settings, |app| app.page.is_some(), no_page)?;
                return status::maintenance(settings, &apps, self.json).await;
            }
        };
        let app = the_app(settings, target.app.as_deref())?;
        if app.page.is_none() {
            return Err(no_page(app));
        }
        let verb = match begins {
            Some(_) => Verb::MaintenanceOn,
            None => Verb::MaintenanceOff,
        };
        let options = Options {
            lasts: begins.and_then(|on| on.lasting.lasts),
            outside_window: begins.is_some_and(|on| on.window.outside_window),
            without_balancers: without.names(settings, app, false)?,
            ..options(target)
        };
        self.operate(verb, settings, target, options).await
    }
}

fn no_page(app: &AppSettings) -> anyhow::Error {
    let name = &app.name;
    anyhow::anyhow!(
        "app {name} has no page: write [app.{name}.page] with port, status_port and file (`man \
         agent.toml`). If users meet an earlier page: `agent open {name}`"
    )
}
