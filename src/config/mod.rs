//! The configuration: the file's shape (serde), then consistent settings. Every error is one line
//! with the place, what is wrong there, and lines to write instead.

pub mod advice;
mod agent;
mod app;
mod app_settings;
mod balancer;
mod check;
mod difference;
mod durations;
mod environment;
mod file;
mod gate_to;
mod health;
mod keyed;
mod listed;
mod loaded;
mod lock;
mod metrics;
mod mistake;
mod names;
mod page;
mod port;
mod restart;
mod settings;
mod source;
mod target;
mod views;
mod wording;
mod words;

pub use app_settings::{AppSettings, TargetSettings};
pub use difference::Difference;
pub use listed::{app_names, target_names};
pub use loaded::{Loaded, Older};
pub use page::settings::{PAGE, PageSettings, READONLY, ReadonlySettings};
pub use settings::{AgentSettings, BalancerSettings, LoadedFrom, OnStop, Settings};

use crate::app::Verify;
use crate::state::permissions;
use crate::text::escape;
use advice::{Keys, Step, advise, line_number};
use mistake::Mistake;
use std::io;
use std::path::{Path, PathBuf};

/// The default path of the configuration.
pub const DEFAULT_PATH: &str = "/etc/haproxy-gate/agent.toml";

/// The fix of a missing file.
pub const WRITE_IT: &str = "copy agent.toml.example (in the source: haproxy/agent.toml) there and edit \
    it, or name another file with --config (`man agent.toml`)";

/// The fix of a file that only root may read.
pub const WITH_SUDO: &str = "run it with sudo";

/// Why there are no settings. Exit code 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{}: {what}", path.display())]
    Whole {
        /// The file.
        path: PathBuf,
        /// The system's error.
        what: String,
    },
    /// There is no such file.
    #[error("{}: no such file: {WRITE_IT}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Only root may read the file.
    #[error("{}: unknown: needs root ({what}); {WITH_SUDO}", path.display())]
    NeedsRoot {
        /// The file.
        path: PathBuf,
        /// The system's error.
        what: String,
    },
    /// A line is wrong.
    #[error("{}:{line}:{column}: {what}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The character in it, from 1.
        column: usize,
        /// What is wrong with it.
        what: String,
        /// What to write, if that is known.
        steps: Vec<Step>,
    },
}

impl ConfigError {
    /// What to do, with the lines to write.
    pub fn steps(&self) -> &[Step] {
        match self {
            ConfigError::Whole { .. }
            | ConfigError::Missing { .. }
            | ConfigError::NeedsRoot { .. } => &[],
            ConfigError::Wrong { steps, .. } => steps,
        }
    }

    /// The error and the lines to write, for a terminal.
    pub fn with_steps(&self) -> String {
        let steps = self.steps().iter();
        let lines = steps.flat_map(|step| std::iter::once(&step.what).chain(&step.lines));
        lines.fold(self.to_string(), |text, line| format!("{text}\n{line}"))
    }
}

/// Reads and checks the whole configuration and the files for the health checks that it names. A
/// file that other users than root may write is refused: it defines what root runs.
pub fn load(path: &Path) -> Result<Settings, ConfigError> {
    let text = text(path)?;
    let settings = read(path, &text)?;
    match files(&text) {
        Ok(()) => Ok(settings),
        // What lacks is a file, so no other text would be right.
        Err(mistake) => Err(placed(path, &text, &mistake, Vec::new())),
    }
}

/// The same for a copy on any machine: the files that it names need not exist.
pub fn load_copy(path: &Path) -> Result<Settings, ConfigError> {
    read(path, &text(path)?)
}

fn text(path: &Path) -> Result<String, ConfigError> {
    permissions::read(path).map_err(|error| {
        let (path, what) = (path.to_owned(), crate::text::plain(&error));
        match error.kind() {
            io::ErrorKind::NotFound => ConfigError::Missing { path },
            io::ErrorKind::PermissionDenied if !nix::unistd::geteuid().is_root() => {
                ConfigError::NeedsRoot { path, what }
            }
            _ => ConfigError::Whole { path, what },
        }
    })
}

const OTHER_CA: &str = "copy the CA's certificate there (PEM), or leave `ca` out: then the CAs that \
    the system trusts count";

/// Checks that each `ca` of a health check can be read. The operator sees a mistake now, and not after
/// an app has restarted. The files of `[lock]` are no part of this: most commands do without the lock.
fn files(text: &str) -> Result<(), Mistake> {
    let file = shape(text)?;
    let health = file
        .app
        .into_values()
        .filter_map(|app| app.into_inner().0.health);
    for ca in health.filter_map(|health| health.into_inner().0.ca) {
        let span = ca.span();
        let readable = Verify::File(ca.into_inner()).check();
        readable.map_err(|what| Mistake::new(span, format!("{what}; {OTHER_CA}")))?;
    }
    Ok(())
}

/// The directory of the lock, for commands that must run without settings. It is the one that the
/// file names, despite mistakes elsewhere in it, or else the default.
pub fn state_dir(path: &Path) -> PathBuf {
    named(path, &["state_dir"]).unwrap_or_else(|| agent::STATE_DIR.into())
}

/// The directory of the history, in the same way.
pub fn history_dir(path: &Path) -> PathBuf {
    let keys = ["history_dir", "hold_dir", "state_dir"];
    named(path, &keys).unwrap_or_else(|| agent::HOLD_DIR.into())
}

/// The first of these keys of `[agent]` that names a directory.
fn named(path: &Path, keys: &[&str]) -> Option<PathBuf> {
    let text = permissions::read(path).unwrap_or_default();
    let table = toml::from_str::<toml::Table>(&text).unwrap_or_default();
    let agent = table.get("agent")?;
    let named = |key: &&str| Some(PathBuf::from(agent.get(key)?.as_str()?));
    let mut named = keys.iter().filter_map(named);
    named.find(|path| path.is_absolute())
}

/// Checks a whole configuration. `path` is for the errors only.
pub fn read(path: &Path, text: &str) -> Result<Settings, ConfigError> {
    let settings = parse(text).map_err(|mistake| {
        let steps = advise(text, &mistake, |text| {
            parse(text).map(drop).map_err(|mistake| mistake.at)
        });
        placed(path, text, &mistake, steps)
    })?;
    // Another process may have been started in another directory.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let from = LoadedFrom {
        path: absolute,
        text: text.to_owned(),
    };
    Ok(Settings { from, ..settings })
}

fn placed(path: &Path, text: &str, mistake: &Mistake, steps: Vec<Step>) -> ConfigError {
    let tree = Keys::of(text);
    let inner = tree.of_mistake(&mistake.at, mistake.key);
    let inner = inner.filter(|_| mistake.key.is_some());
    let at = inner.map_or(mistake.at.start, |node| node.value.start);
    let at = at.min(text.len());
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let before = text[start..at].trim_start_matches('\u{feff}');
    ConfigError::Wrong {
        path: path.to_owned(),
        line: line_number(text, at),
        column: before.chars().count() + 1,
        // A quoted key may contain anything, and the mistake names it.
        what: escape(&wording::describe(text, mistake)),
        steps,
    }
}

fn parse(text: &str) -> Result<Settings, Mistake> {
    check::check(shape(text)?)
}

fn shape(text: &str) -> Result<file::ConfigFile, Mistake> {
    toml::de::DeTable::parse(text).map_err(|error| Mistake::of_syntax(&error))?;
    toml::from_str(text).map_err(|error| Mistake::of_shape(&error))
}

#[cfg(test)]
mod tests;
