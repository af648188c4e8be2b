//! The command line: what is asked for, and the exit code that answers.

mod descriptors;
mod exits;
mod logs;
mod print;
mod progress;
mod run;
mod status;
mod uninstall;

use crate::config::{self, AppSettings, Settings};
use crate::driver::Progress;
use crate::operation::{Operation, Report, Wish};
use crate::restart::{Limits, Verb};
use crate::stop::Stop;
use clap::{Args, CommandFactory, Parser, Subcommand};
use logs::Logs;
use progress::{Human, Silent};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The exit code of a usage or configuration error.
const USAGE: u8 = 2;
/// Its `outcome`.
const USAGE_WORD: &str = "usage";

const AFTER_HELP: &str = "\
Examples:
  agent status                  what the kernel, HAProxy and the app say
  agent restart web --dry-run   the preflight and the plan; nothing is changed
  agent restart web             out of rotation, drained, restarted, back in
  agent close web               out of rotation, until `agent open web`
  agent recover                 after a crash or a flush of the rules: all apps

Exit codes, how each leaves the host, and `outcome` of --json:
";

/// Restart an app behind HAProxy, and nobody notices.
///
/// Takes this host out of HAProxy's rotation by itself, with no rights on the balancer:
/// closes the gate that HAProxy's check goes through, watches HAProxy's stats socket
/// until the server is DOWN and drained, restarts the app, waits until it is healthy,
/// opens the gate, and returns when HAProxy shows it UP.
#[derive(Debug, Parser)]
#[command(name = "agent", version, after_help = AFTER_HELP.to_owned() + &exits::help(), max_term_width = 80)]
pub struct Cli {
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", env = "AGENT_CONFIG", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Print one JSON object on stdout instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Log more on stderr (-v: what is done; -vv: every call)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    asked: Asked,
}

#[derive(Debug, Subcommand)]
enum Asked {
    #[command(flatten)]
    Configured(Command),
    /// Remove every rule of ours, in every variant of iptables: the gates are gone
    ///
    /// Each jump to the chain HAPROXY-GATE, then the chain, in iptables-nft, ip6tables-nft,
    /// iptables-legacy and ip6tables-legacy; nothing of others. Needs no configuration, and
    /// not while the sidecar (`agent run`) runs, which would open the gates again. The
    /// package's removal does this.
    ///
    /// What HAProxy sees then: the main lines of this host go DOWN, as after `agent close`.
    /// In the classic layout the twins check the app itself and go on serving. In the
    /// two-stage layout the twins go DOWN, too: this host serves nobody any more.
    Uninstall {
        /// Print the calls, change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Out of rotation, drain, restart the app, wait until healthy, back in rotation
    Restart(Target),
    /// Out of rotation and drained, and stay so
    ///
    /// Until `agent open`, over reboots too; or for as long as --for says: then the sidecar
    /// (`agent run`) opens the gates, once the app is healthy.
    Close(Closing),
    /// Back in rotation, if the app is healthy
    Open(Opening),
    /// To a good end with what a crash, a flush of the rules or a power loss left behind
    ///
    /// Puts gates back that an operation had closed which died before it touched the app;
    /// finishes a restart that had happened; opens gates that nobody asked to be closed,
    /// once the app is healthy. Never restarts the app, and leaves a gate alone that
    /// `agent close` has closed. Without APP: all apps, one after the other.
    Recover(Target),
    /// The sidecar: opens the gates once the app is healthy, and keeps them so
    ///
    /// For systemd (haproxy-gate.service). Repairs rules that somebody else has flushed,
    /// recovers what a crash has cut short, opens in time what `agent close --for` has
    /// closed, and leaves alone what was closed without a time. On SIGTERM and SIGINT it
    /// takes the host out of rotation, waits until it is drained, within the limits of the
    /// configuration, and ends: the gates stay closed. SIGHUP reads the configuration again,
    /// all of it or, with an error, nothing; SIGUSR2 goes on as the program that is installed
    /// now. Logs to stderr, or with fields to the journal; --json: a JSON object a line.
    Run {
        /// Check the configuration, say what would be kept open, change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// What the kernel, HAProxy and the app say now
    Status {
        /// The app; all of them if left out
        app: Option<String>,
    },
}

#[derive(Debug, Args)]
struct Target {
    /// The app; may be left out where the configuration has one (recover: all of them)
    app: Option<String>,
    /// Look at everything, print the plan, change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct Closing {
    #[command(flatten)]
    target: Target,
    /// Open again by itself after this time: 90s, 30m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = lasts)]
    lasts: Option<Duration>,
    /// Why, for whoever looks at `agent status`
    #[arg(long, value_name = "TEXT", value_parser = words)]
    reason: Option<String>,
    /// For a unit that stops and starts with the app, which opens no more than it closed
    ///
    /// With an owner the lock is waited for, and an `agent restart` that is restarting this
    /// very app is left to itself. What an operator has closed stays his.
    #[arg(long, value_name = "NAME", value_parser = words)]
    owner: Option<String>,
}

#[derive(Debug, Args)]
struct Opening {
    #[command(flatten)]
    target: Target,
    /// Only if nobody but this owner (see `agent close --help`) holds the gates closed
    #[arg(long, value_name = "NAME", value_parser = words)]
    owner: Option<String>,
}

/// From a second to a year: the clock ends somewhere.
fn lasts(text: &str) -> Result<Duration, String> {
    let lasts = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let range = Duration::from_secs(1)..=Duration::from_hours(24 * 365);
    match range.contains(&lasts) {
        true => Ok(lasts),
        false => Err("a time from 1s to 1year".to_owned()),
    }
}

/// It stands on one line of `agent status`.
fn words(text: &str) -> Result<String, String> {
    let fits = (1..=200).contains(&text.chars().count());
    match fits && !text.contains(|c: char| c.is_control()) {
        true => Ok(text.to_owned()),
        false => Err("1 to 200 characters on one line".to_owned()),
    }
/// The command line as it is defined: what manual pages and completions are made from.
pub fn command() -> clap::Command {
    Cli::command()
}

impl Cli {
    /// The command line, or what a mistake in it (or a wish for help) ends with.
    pub fn from_arguments() -> Result<Cli, ExitCode> {
        Cli::try_parse().map_err(|error| {
            if error.use_stderr() && std::env::args().any(|argument| argument == "--json") {
                let text = error.to_string();
                let first = text.lines().next().unwrap_or_default();
                say_usage(first.trim_start_matches("error: "));
            }
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE))
        })
    }

    /// Does what is asked for.
    pub fn run(self) -> ExitCode {
        let json = self.json;
        let logs = match (&self.asked, json) {
            (Asked::Configured(Command::Run { .. }), true) => Logs::SidecarJson,
            (Asked::Configured(Command::Run { .. }), false) => Logs::Sidecar,
            _ => Logs::Operation,
        };
        logs::begin(logs, self.verbose);
        let code = self.load_and_run().unwrap_or_else(|error| {
            let text = format!("{error:#}");
            if json {
                say_usage(&text);
            }
            complain(&text);
            USAGE
        });
        ExitCode::from(code)
    }

    fn load_and_run(self) -> anyhow::Result<u8> {
        match &self.asked {
            Asked::Configured(command) => self.configured(command),
            Asked::Uninstall { dry_run } => {
                let uninstall = uninstall::uninstall(&self.config, *dry_run, self.json);
                in_runtime(uninstall)
            }
        }
    }

    fn configured(&self, command: &Command) -> anyhow::Result<u8> {
        let settings = config::load(&self.config)?;
        descriptors::check(settings.balancers.len())?;
        in_runtime(async {
            match command {
                Command::Restart(target) => self.operate(Verb::Restart, &settings, target).await,
                Command::Close(closing) => self.close(&settings, closing).await,
                Command::Open(Opening { target, owner }) => {
                    let owner = owner.clone();
                    let wish = Wish {
                        owner,
                        ..Wish::default()
                    };
                    self.wished(Verb::Open, &settings, target, wish).await
                }
                Command::Recover(Target { app: None, dry_run }) => {
                    self.recover_all(&settings, *dry_run).await
                }
                Command::Recover(target) => self.operate(Verb::Recover, &settings, target).await,
                Command::Run { dry_run } => {
                    Ok(run::run(&self.config, settings, *dry_run, self.json).await)
                }
                Command::Status { app: None } => {
                    status::status(&settings, &settings.apps, self.json).await
                }
                Command::Status { app: Some(name) } => {
                    let app = the_app(&settings, Some(name))?;
                    status::status(&settings, std::slice::from_ref(app), self.json).await
                }
            }
        })?
    }

    async fn close(&self, settings: &Settings, closing: &Closing) -> anyhow::Result<u8> {
        let wish = Wish {
            owner: closing.owner.clone(),
            reason: closing.reason.clone(),
            lasts: closing.lasts,
        };
        let target = &closing.target;
        self.wished(Verb::Close, settings, target, wish).await
    }

    async fn operate(
        &self,
        verb: Verb,
        settings: &Settings,
        target: &Target,
    ) -> anyhow::Result<u8> {
        self.wished(verb, settings, target, Wish::default()).await
    }

    async fn wished(
        &self,
        verb: Verb,
        settings: &Settings,
        target: &Target,
        wish: Wish,
    ) -> anyhow::Result<u8> {
        let operation = Operation {
            verb,
            settings,
            app: the_app(settings, target.app.as_deref())?,
            dry_run: target.dry_run,
            wish,
            hasty: false,
        };
        let report = self.report(&operation).await?;
        report.print(self.json);
        Ok(report.exit)
    }

    /// One app after the other; the exit code is that of the first that went wrong.
    async fn recover_all(&self, settings: &Settings, dry_run: bool) -> anyhow::Result<u8> {
        let mut exit = 0;
        let mut reports = Vec::new();
        for app in &settings.apps {
            let operation = Operation {
                verb: Verb::Recover,
                settings,
                app,
                dry_run,
                wish: Wish::default(),
                hasty: false,
            };
            let report = self.report(&operation).await?;
            report.tell(self.json);
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

    async fn report(&self, operation: &Operation<'_>) -> anyhow::Result<Report> {
        let tell = |app: &AppSettings, limits: &Limits| -> Box<dyn Progress> {
            match self.json {
                true => Box::new(Silent),
                false => Box::new(Human::new(app, limits)),
            }
        };
        Ok(operation.run(Stop::listen()?, &tell).await)
    }
}

fn in_runtime<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(work);
    // An iptables that hangs must not keep us: its thread is left behind.
    runtime.shutdown_background();
    Ok(done)
}

fn the_app<'a>(settings: &'a Settings, name: Option<&str>) -> anyhow::Result<&'a AppSettings> {
    let names: Vec<&str> = settings.apps.iter().map(|app| app.name.as_str()).collect();
    match (name, settings.apps.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => anyhow::bail!("which app? The configuration has {}", names.join(", ")),
        (Some(name), apps) => match apps.iter().find(|app| app.name == name) {
            Some(app) => Ok(app),
            None => anyhow::bail!(
                "no app {name:?} in the configuration; it has {}",
                names.join(", ")
            ),
        },
    }
}

/// Prints on stdout. A reader that has gone away must not stop a restart half way.
fn say(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// The one object of a mistake in the command line or the configuration.
fn say_usage(message: &str) {
    let report = serde_json::json!({"outcome": USAGE_WORD, "exit": USAGE, "message": message});
    say(&format!("{report}\n"));
}

/// One line on stderr.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "agent: {text}");
}
