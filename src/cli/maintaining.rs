//! `agent maintenance`: the page for all users of this host, and the way back.

use super::arguments::Cli;
use super::maintenance::{Maintaining, What};
use super::named::the_app;
use super::operate::options;
use super::screen::say;
use crate::config::{AppSettings, Settings};
use crate::gate::Position;
use crate::host::{Snapshot, snapshot_of};
use crate::operation::Options;
use crate::restart::Verb;
use crate::state::hold::{self, Held};
use serde_json::json;

impl Cli {
    pub(super) async fn maintenance(
        &self,
        settings: &Settings,
        asked: &Maintaining,
    ) -> anyhow::Result<u8> {
        let app = the_app(settings, asked.target.app.as_deref())?;
        let page = app.at_page().ok_or_else(|| no_page(&app.name))?;
        let verb = match asked.what {
            What::On => Verb::MaintenanceOn,
            What::Off => Verb::MaintenanceOff,
            What::Status => return self.maintenance_status(settings, &page).await,
        };
        if asked.lasts.is_some() && asked.what == What::Off {
            anyhow::bail!("--for says when a maintenance ends by itself: write it with `on`");
        }
        if asked.window.outside_window && asked.what == What::Off {
            anyhow::bail!("`agent maintenance off` may begin at any time: remove --outside-window");
        }
        let options = Options {
            outside_window: asked.window.outside_window,
            lasts: asked.lasts,
            without_balancers: asked.without.names(settings, app, false)?,
            ..options(&asked.target)
        };
        self.operate(verb, settings, &asked.target, options).await
    }

    async fn maintenance_status(
        &self,
        settings: &Settings,
        page: &AppSettings,
    ) -> anyhow::Result<u8> {
        let held = hold::now(&settings.agent.hold_dir, &page.name);
        let held = held.filter(Held::may_be_of_maintenance);
        let seen = snapshot_of(settings, page).await?;
        match self.json {
            true => say(&format!("{}\n", data(page, held.as_ref(), &seen))),
            false => say(&text(page, held.as_ref(), &seen)),
        }
        Ok(0)
    }
}

fn no_page(name: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "app {name} has no page: write [app.{name}.page] with port, status_port and file (`man \
         agent.toml`). If users meet an earlier page: `agent open {name}`"
    )
}

fn text(page: &AppSettings, held: Option<&Held>, seen: &Snapshot) -> String {
    let app = &page.name;
    let mut text = match held {
        Some(Held::Unknown) => {
            format!("{app}: it is not known whether maintenance is on: the hold can't be read\n")
        }
        Some(held) => format!("{app}: maintenance is on, by {}\n", held.describe()),
        None => format!("{app}: maintenance is off\n"),
    };
    let gate = match seen.positions().main {
        Position::Open => "open".to_owned(),
        Position::Closed => "closed".to_owned(),
        Position::Broken(why) => format!("broken: {why}"),
        Position::Unknown(why) => format!("unknown: {why}"),
    };
    let answer = match &seen.health.1 {
        Ok(()) => "answers".to_owned(),
        Err(why) => format!("does not answer: {why}"),
    };
    text += &format!(
        "{}: {} {answer}; its gate is {gate}\n",
        page.label(),
        seen.health.0
    );
    for balancer in &seen.balancers {
        let shown = match balancer.unseen() {
            Some(why) => why,
            None => {
                let lines = balancer.lines().iter();
                let lines: Vec<String> = lines
                    .map(|line| format!("{} {}", line.name, line.status))
                    .collect();
                format!("{}: {}", balancer.name, lines.join(", "))
            }
        };
        text += &format!("{}: {shown}\n", page.label());
    }
    text
}

fn data(page: &AppSettings, held: Option<&Held>, seen: &Snapshot) -> serde_json::Value {
    let balancers = seen.balancers.iter().map(|balancer| {
        let lines = balancer.lines().iter();
        let lines = lines.map(|line| json!({"name": line.name, "status": line.status.word()}));
        json!({"name": balancer.name, "unseen": balancer.unseen(), "lines": lines.collect::<Vec<_>>()})
    });
    json!({
        "app": page.name,
        "maintenance": held.map_or(Some(false), |held| (*held != Held::Unknown).then_some(true)),
        "hold": held.map(|held| held.report(false)),
        "page": {
            "address": seen.health.0,
            "answers": seen.health.1.is_ok(),
            "why": seen.health.1.clone().err(),
            "gate": seen.positions().main,
            "balancers": balancers.collect::<Vec<_>>(),
        },
    })
}
