//! The verbs that move gates: an operation on one app, or on all of them.

use super::arguments::Cli;
use super::attached;
use super::call::call;
use super::named::{the_app, the_target};
use super::options::{Closing, Each, Opening, Recovering, Restarting, Target, Upgrade};
use super::progress::{self, Audience};
use super::readonly::recover_markers;
use super::screen::{self, say};
use crate::app::Change;
use crate::config::{AppSettings, Settings};
use crate::operation::{Operation, Options};
use crate::report::Report;
use crate::restart::{Limits, Verb};
use crate::signals::StopSignal;

impl Cli {
    pub(super) async fn restart(
        &self,
        settings: Settings,
        restarting: &Restarting,
    ) -> anyhow::Result<u8> {
        let target = &restarting.target;
        let app = target.app.as_deref();
        let options = Options {
            turn: restarting.patience.turn,
            on_hold: restarting.held.on_hold(),
            without_balancers: restarting.without.names(
                &settings,
                the_app(&settings, app)?,
                false,
            )?,
            ..options(target)
        };
        let app = the_app(&settings, app)?.name.clone();
        let settings = upgraded(settings, &app, &restarting.upgrade)?;
        self.operate(Verb::Restart, &settings, target, options)
            .await
    }

    pub(super) async fn close(&self, settings: &Settings, closing: &Closing) -> anyhow::Result<u8> {
        let target = &closing.target;
        let options = |app: &AppSettings| {
            Ok(Options {
                owner: closing.owner.clone(),
                if_current: of(app, closing.of_target.if_current.as_deref())?,
                lasts: closing.lasts,
                turn: closing.patience.turn,
                replace: closing.replace,
                without_balancers: closing.without.names(settings, app, closing.each.all)?,
                ..options(target)
            })
        };
        self.operate_on(Verb::Close, settings, (target, &closing.each), &options)
            .await
    }

    pub(super) async fn open(&self, settings: &Settings, opening: &Opening) -> anyhow::Result<u8> {
        let target = &opening.target;
        let options = |app: &AppSettings| {
            Ok(Options {
                owner: opening.owner.clone(),
                if_current: of(app, opening.of_target.if_current.as_deref())?,
                to: of(app, opening.to.as_deref())?,
                without_balancers: opening.without.names(settings, app, opening.each.all)?,
                ..options(target)
            })
        };
        self.operate_on(Verb::Open, settings, (target, &opening.each), &options)
            .await
    }

    /// Without a name all apps.
    pub(super) async fn recover(
        &self,
        settings: &Settings,
        Recovering { target, without }: &Recovering,
    ) -> anyhow::Result<u8> {
        let each = Each {
            all: target.app.is_none(),
        };
        let options = |app: &AppSettings| {
            Ok(Options {
                without_balancers: without.names(settings, app, each.all)?,
                ..options(target)
            })
        };
        let exit = self
            .operate_on(Verb::Recover, settings, (target, &each), &options)
            .await?;
        Ok(match recover_markers(settings, target, self.json).await {
            true => exit,
            false => exit.max(1),
        })
    }

    /// One app, or all of them.
    async fn operate_on(
        &self,
        verb: Verb,
        settings: &Settings,
        (target, each): (&Target, &Each),
        options: &dyn Fn(&AppSettings) -> anyhow::Result<Options>,
    ) -> anyhow::Result<u8> {
        if each.all {
            return self.operate_all(verb, settings, target, options).await;
        }
        let app = the_app(settings, target.app.as_deref());
        let app = app.map_err(|error| match target.app {
            Some(_) => error,
            None => anyhow::anyhow!("{error}, or --all"),
        })?;
        let options = options(app)?;
        self.operate(verb, settings, target, options).await
    }

    pub(super) async fn operate(
        &self,
        verb: Verb,
        settings: &Settings,
        target: &Target,
        options: Options,
    ) -> anyhow::Result<u8> {
        let app = the_app(settings, target.app.as_deref())?;
        let operation = operation(verb, settings, (app, options), target);
        let stop = attached::listen(target.attached)?;
        let _shown_in_the_end = screen::begin();
        let report = self.run_operation(&operation, stop).await;
        report.print(self.json);
        Ok(report.exit)
    }

    /// One app after the other, also after one that failed: each stands for itself. A signal ends
    /// it. Returns the exit code of the first that failed.
    async fn operate_all(
        &self,
        verb: Verb,
        settings: &Settings,
        target: &Target,
        options: &dyn Fn(&AppSettings) -> anyhow::Result<Options>,
    ) -> anyhow::Result<u8> {
        let with_options = settings.apps.iter().map(|app| Ok((app, options(app)?)));
        let all: Vec<(&AppSettings, Options)> = with_options.collect::<anyhow::Result<_>>()?;
        let stop = attached::listen(target.attached)?;
        let _shown_in_the_end = screen::begin();
        let mut exit = 0;
        let mut reports = Vec::new();
        for one in all {
            let operation = operation(verb, settings, one, target);
            let report = self.run_operation(&operation, stop.clone()).await;
            report.print_text(self.json);
            exit = if exit == 0 { report.exit } else { exit };
            reports.push(report);
            if exit > 128 {
                break;
            }
        }
        if self.json {
            let all = serde_json::json!({"verb": verb, "exit": exit, "apps": reports});
            say(&format!("{all}\n"));
        }
        Ok(exit)
    }

    async fn run_operation(&self, operation: &Operation<'_>, stop: StopSignal) -> Report {
        let audience = match (self.json, self.progress) {
            (true, true) => Audience::Machine,
            (true, false) => Audience::None,
            (false, _) => Audience::People,
        };
        let on_progress = |app: &AppSettings, limits: &Limits| progress::of(audience, app, limits);
        operation.run(stop, &on_progress).await
    }
}

fn operation<'a>(
    verb: Verb,
    settings: &'a Settings,
    (app, options): (&'a AppSettings, Options),
    target: &Target,
) -> Operation<'a> {
    Operation {
        verb,
        settings,
        app,
        dry_run: target.dry_run,
        options,
        non_blocking: false,
        again: None,
    }
}

pub(super) fn options(target: &Target) -> Options {
    Options {
        reason: target.reason.clone(),
        call: call(),
        ..Options::default()
    }
}

/// The named target of this app.
fn of(app: &AppSettings, name: Option<&str>) -> anyhow::Result<Option<String>> {
    let target = name.map(|name| the_target(app, name));
    Ok(target.transpose()?.map(str::to_owned))
}

/// The settings with the command line's choice of this app's upgrade and rollback.
fn upgraded(mut settings: Settings, name: &str, asked: &Upgrade) -> anyhow::Result<Settings> {
    for app in settings.apps.iter_mut().filter(|app| app.name == name) {
        if let Some(line) = &asked.with {
            app.upgrade = Some(Change::shell(line));
        }
        if asked.without_upgrade {
            app.upgrade = None;
        }
        let Some(line) = &asked.rollback else {
            continue;
        };
        if app.upgrade.is_none() {
            anyhow::bail!(
                "--rollback takes an upgrade back, and app {name} has none: add --with CMD, or \
                 `upgrade` in the configuration"
            );
        }
        app.rollback = Some(Change::shell(line));
    }
    Ok(settings)
}
