//! Runs what the command line asks for, and returns the exit code.

use super::arguments::Cli;
use super::arguments::{Asked, Command};
use super::logs::{self, Logs};
use super::options::the_app;
use super::runtime::in_runtime;
use super::{
    arguments, attached, descriptors, haproxy_config, history, progress, report, screen, sidecar,
    status, uninstall,
};
use crate::app::Change;
use crate::config::advice::Step;
use crate::config::{self, AppSettings, ConfigError, Settings};
use crate::operation::{Operation, Options};
use crate::report::Report;
use crate::restart::{Limits, Verb};
use crate::signals::StopSignal;
use clap::Parser;

use super::options::{Closing, Opening, Restarting, Target, Upgrade};
use super::progress::Audience;
use super::screen::{complain, say};
use std::process::ExitCode;
use std::time::Duration;

/// The exit code of a usage or configuration error.
pub(super) const USAGE: u8 = 2;
/// Its `outcome`.
pub(super) const USAGE_WORD: &str = "usage";

impl Cli {
    /// Parses the command line. Err: the exit code after a usage error or a request for help.
    pub fn from_arguments() -> Result<Cli, ExitCode> {
        Cli::try_parse().map_err(|error| {
            if error.use_stderr() && std::env::args().any(|argument| argument == "--json") {
                let text = error.to_string();
                let first = text.lines().next().unwrap_or_default();
                say_usage(first.trim_start_matches("error: "), &[]);
            }
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE))
        })
    }

    /// Runs the command.
    pub fn run(self) -> ExitCode {
        let json = self.json;
        let logs = match (&self.asked, json) {
            (Asked::Configured(Command::Run { .. }), true) => Logs::SidecarJson,
            (Asked::Configured(Command::Run { .. }), false) => Logs::Sidecar,
            _ => Logs::Operation,
        };
        screen::heed_no_color();
        if let Asked::Configured(Command::Run { dry_run: false }) = &self.asked {
            screen::never_wait();
        }
        logs::begin(logs, self.verbose);
        let code = self.load_and_run().unwrap_or_else(|error| {
            let text = format!("{error:#}");
            let config = error.downcast_ref::<ConfigError>();
            if json {
                say_usage(&text, config.map_or(&[], ConfigError::steps));
            }
            complain(&config.map_or(text, ConfigError::with_steps));
            USAGE
        });
        screen::end();
        ExitCode::from(code)
    }

    fn load_and_run(self) -> anyhow::Result<u8> {
        self.asked.heeds(self.json, self.progress)?;
        match &self.asked {
            Asked::Configured(command) => self.configured(command),
            Asked::Doctor(asked) => asked.run(&self.config, self.json),
            Asked::Completions { shell } => {
                say(&String::from_utf8_lossy(&arguments::completions(*shell)));
                Ok(0)
            }
            Asked::HaproxyConfig(asked) => {
                haproxy_config::haproxy_config(&config::load_copy(&self.config)?, asked, self.json)
            }
            Asked::Uninstall { dry_run } => {
                let uninstall = uninstall::uninstall(&self.config, *dry_run, self.json);
                in_runtime(uninstall)
            }
            Asked::History(looking) => history::history(&self.config, looking, self.json),
            Asked::Report(reporting) => report::report(&self.config, reporting, self.json),
        }
    }

    fn configured(&self, command: &Command) -> anyhow::Result<u8> {
        let settings = config::load(&self.config)?;
        descriptors::check(settings.balancers.len())?;
        in_runtime(async {
            match command {
                Command::Restart(restarting) => self.restart(settings, restarting).await,
                Command::Close(closing) => self.close(&settings, closing).await,
                Command::Open(opening) => self.open(&settings, opening).await,
                Command::Recover(target) if target.app.is_none() => {
                    self.recover_all(&settings, target).await
                }
                Command::Recover(target) => {
                    self.operate(Verb::Recover, &settings, target, options(target))
                        .await
                }
                Command::Run { dry_run } => {
                    Ok(sidecar::run(&self.config, settings, *dry_run, self.json).await)
                }
                Command::Status {
                    app,
                    watch,
                    without,
                } => {
                    let settings = without.settings(settings, app.as_deref())?;
                    self.status(&settings, app.as_deref(), *watch).await
                }
            }
        })?
    }

    async fn restart(&self, settings: Settings, restarting: &Restarting) -> anyhow::Result<u8> {
        let target = &restarting.target;
        let app = target.app.as_deref();
        let options = Options {
            turn: restarting.patience.turn,
            on_hold: restarting.held.on_hold(),
            without_balancers: restarting
                .without
                .names(&settings, the_app(&settings, app)?)?,
            ..options(target)
        };
        let settings = upgraded(settings, &restarting.upgrade);
        self.operate(Verb::Restart, &settings, target, options)
            .await
    }

    async fn status(
        &self,
        settings: &Settings,
        app: Option<&str>,
        watch: Option<Duration>,
    ) -> anyhow::Result<u8> {
        let apps = match app {
            Some(name) => std::slice::from_ref(the_app(settings, Some(name))?),
            None => &settings.apps,
        };
        match watch {
            Some(every) => status::watch(settings, apps, every, self.json).await,
            None => status::status(settings, apps, self.json).await,
        }
    }

    async fn close(&self, settings: &Settings, closing: &Closing) -> anyhow::Result<u8> {
        let target = &closing.target;
        let app = target.app.as_deref();
        let options = Options {
            owner: closing.owner.clone(),
            lasts: closing.lasts,
            turn: closing.patience.turn,
            replace: closing.replace,
            without_balancers: closing.without.names(settings, the_app(settings, app)?)?,
            ..options(target)
        };
        self.operate(Verb::Close, settings, target, options).await
    }

    async fn open(&self, settings: &Settings, opening: &Opening) -> anyhow::Result<u8> {
        let target = &opening.target;
        let app = the_app(settings, target.app.as_deref())?;
        let options = Options {
            owner: opening.owner.clone(),
            without_balancers: opening.without.names(settings, app)?,
            ..options(target)
        };
        self.operate(Verb::Open, settings, target, options).await
    }

    async fn operate(
        &self,
        verb: Verb,
        settings: &Settings,
        target: &Target,
        options: Options,
    ) -> anyhow::Result<u8> {
        let operation = Operation {
            verb,
            settings,
            app: the_app(settings, target.app.as_deref())?,
            dry_run: target.dry_run,
            options,
            non_blocking: false,
            again: None,
        };
        let stop = listen(target)?;
        let _shown_in_the_end = screen::begin();
        let report = self.run_operation(&operation, stop).await;
        report.print(self.json);
        Ok(report.exit)
    }

    /// Recovers one app after the other. Returns the exit code of the first that failed.
    async fn recover_all(&self, settings: &Settings, target: &Target) -> anyhow::Result<u8> {
        let stop = listen(target)?;
        let _shown_in_the_end = screen::begin();
        let mut exit = 0;
        let mut reports = Vec::new();
        for app in &settings.apps {
            let operation = Operation {
                verb: Verb::Recover,
                settings,
                app,
                dry_run: target.dry_run,
                options: options(target),
                non_blocking: false,
                again: None,
            };
            let report = self.run_operation(&operation, stop.clone()).await;
            report.print_text(self.json);
            exit = if exit == 0 { report.exit } else { exit };
            reports.push(report);
            if exit > 128 {
                break;
            }
        }
        if self.json {
            let all = serde_json::json!({"verb": "recover", "exit": exit, "apps": reports});
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

fn options(target: &Target) -> Options {
    Options {
        reason: target.reason.clone(),
        ..Options::default()
    }
}

/// The settings with the command line's choice of the upgrade.
fn upgraded(mut settings: Settings, asked: &Upgrade) -> Settings {
    for app in &mut settings.apps {
        match &asked.with {
            Some(line) => app.upgrade = Some(Change::shell(line)),
            None if asked.without_upgrade => app.upgrade = None,
            None => {}
        }
    }
    settings
}

fn listen(target: &Target) -> std::io::Result<StopSignal> {
    let stop = StopSignal::listen()?;
    if target.attached {
        attached::hang_up_with_stdin(stop.clone())?;
    }
    Ok(stop)
}

/// Prints the JSON object of a mistake in the command line or the configuration.
fn say_usage(message: &str, steps: &[Step]) {
    let mut report = serde_json::json!({"outcome": USAGE_WORD, "exit": USAGE, "message": message});
    if !steps.is_empty() {
        report["steps"] = serde_json::json!(steps);
    }
    say(&format!("{report}\n"));
}
