//! Runs what the command line asks for, and returns the exit code.

use super::advice::advise;
use super::arguments::{Asked, Cli, invoked};
use super::completions::completions;
use super::configured::Command;
use super::logs::{self, Logs};
use super::named::{the_app, watched};
use super::probe::probe;
use super::runtime::in_runtime;
use super::screen::{complain, say};
use super::{
    descriptors, haproxy_config, history, page, report, screen, sidecar, status, uninstall,
};
use crate::config::advice::Step;
use crate::config::{self, ConfigError, Settings};
use clap::FromArgMatches;
use std::process::ExitCode;
use std::time::Duration;

/// The exit code of a usage or configuration error.
pub(super) const USAGE: u8 = 2;
/// Its `outcome`.
pub(super) const USAGE_WORD: &str = "usage";

impl Cli {
    /// Parses the command line. Err: the exit code after a usage error or a request for help.
    pub fn from_arguments() -> Result<Cli, ExitCode> {
        let parsed = invoked().try_get_matches();
        let parsed = parsed.and_then(|matches| Cli::from_arg_matches(&matches));
        parsed.map_err(|error| {
            let words = std::env::args_os().skip(1);
            let words: Vec<String> = words.map(|it| it.to_string_lossy().into_owned()).collect();
            let error = advise(error, &words);
            if error.use_stderr() && std::env::args().any(|argument| argument == "--json") {
                say_usage(&message(&error.to_string()), &[]);
            }
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE))
        })
    }

    /// Runs the command.
    pub fn run(self) -> ExitCode {
        let json = self.json;
        let logs = match (&self.asked, json) {
            (Asked::Configured(Command::Run { .. }) | Asked::Page(_), true) => Logs::SidecarJson,
            (Asked::Configured(Command::Run { .. }) | Asked::Page(_), false) => Logs::Sidecar,
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
            Asked::Completions { shell, targets, .. } => {
                say(&match shell {
                    Some(shell) => String::from_utf8_lossy(&completions(*shell)).into_owned(),
                    None if *targets => config::target_names(&self.config).join("\n") + "\n",
                    None => config::app_names(&self.config).join("\n") + "\n",
                });
                Ok(0)
            }
            Asked::HaproxyConfig(asked) => {
                haproxy_config::haproxy_config(&config::load_copy(&self.config)?, asked, self.json)
            }
            Asked::Uninstall { dry_run } => {
                let uninstall = uninstall::uninstall(&self.config, *dry_run, self.json);
                in_runtime(uninstall)
            }
            Asked::Page(paging) => page::page(&self.config, paging, self.json),
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
                Command::Switch(switching) => self.switch(&settings, switching).await,
                Command::Close(closing) => self.close(&settings, closing).await,
                Command::Open(opening) => self.open(&settings, opening).await,
                Command::Readonly(declaring) => self.readonly(&settings, declaring).await,
                Command::Probe(probing) => probe(&settings, probing, self.json).await,
                Command::Maintenance(asked) => self.maintenance(&settings, asked).await,
                Command::Lock(asked) => self.lock(&settings, asked).await,
                Command::Recover(recovering) => self.recover(&settings, recovering).await,
                Command::Run { dry_run } => {
                    Ok(sidecar::run(&self.config, settings, *dry_run, self.json).await)
                }
                Command::Status {
                    app,
                    watch,
                    without,
                } => {
                    let app = app.as_deref();
                    let settings = match without.is_given() {
                        true => without.settings(&settings, the_app(&settings, app)?)?,
                        false => settings,
                    };
                    self.status(&settings, app, *watch).await
                }
            }
        })?
    }

    async fn status(
        &self,
        settings: &Settings,
        app: Option<&str>,
        watch: Option<Duration>,
    ) -> anyhow::Result<u8> {
        let apps = match app {
            Some(name) => std::slice::from_ref(watched(settings, name, watch)?),
            None => &settings.apps,
        };
        match watch {
            Some(every) => status::watch(settings, apps, every, self.json).await,
            None => status::status(settings, apps, self.json).await,
        }
    }
}

/// Prints the JSON object of a mistake in the command line or the configuration.
fn say_usage(message: &str, steps: &[Step]) {
    let mut report = serde_json::json!({"outcome": USAGE_WORD, "exit": USAGE, "message": message});
    if !steps.is_empty() {
        report["steps"] = serde_json::json!(steps);
    }
    say(&format!("{report}\n"));
}

/// The mistake on one line, with clap's tips.
fn message(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let tips = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("tip: "));
    let first = first.trim_start_matches("error: ");
    std::iter::once(first)
        .chain(tips)
        .collect::<Vec<_>>()
        .join("; ")
}
