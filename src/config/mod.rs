//! The configuration: the file's shape (serde), then settings that hold together.
//! Every error is one line with the file, the line in it, and the mend.

mod app;
mod check;
mod file;
mod metrics;
mod port;
mod settings;
mod source;

pub use settings::{AgentSettings, AppSettings, BalancerSettings, Settings};

use crate::trust;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Where the configuration is looked for.
pub const DEFAULT_PATH: &str = "/etc/haproxy-gate/agent.toml";

/// Why there are no settings. Exit code 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read, or as a whole is not a configuration.
    #[error("{}: {what}", path.display())]
    Whole {
        /// The file.
        path: PathBuf,
        /// What the system said, or what is missing.
        what: String,
    },
    /// A line is wrong.
    #[error("{}:{line}: {what}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

/// A mistake at a place in the text; no place: the whole file.
struct Mistake {
    at: Option<Range<usize>>,
    what: String,
}

impl Mistake {
    fn new(at: Range<usize>, what: impl Into<String>) -> Mistake {
        Mistake {
            at: Some(at),
            what: what.into(),
        }
    }
}

impl From<toml::de::Error> for Mistake {
    fn from(error: toml::de::Error) -> Mistake {
        let what = error
            .message()
            .replace('\n', ", ")
            .replace("unknown field", "unknown key");
        Mistake {
            at: error.span(),
            what: what.replace("missing field", "missing key"),
        }
    }
}

/// Reads and checks the whole configuration. A file that others than root may write is
/// refused: it says what root runs.
pub fn load(path: &Path) -> Result<Settings, ConfigError> {
    match trust::read(path) {
        Ok(text) => read(path, &text),
        Err(error) => Err(ConfigError::Whole {
            path: path.to_owned(),
            what: error.to_string(),
        }),
    }
}

/// Where the lock is, for what must go on without settings: what the file names, mistakes
/// elsewhere in it or not, else the default.
pub fn state_dir(path: &Path) -> PathBuf {
    named(path, &["state_dir"]).unwrap_or_else(|| check::STATE_DIR.into())
}

/// Where the history is, in the same way.
pub fn history_dir(path: &Path) -> PathBuf {
    let keys = ["history_dir", "hold_dir", "state_dir"];
    named(path, &keys).unwrap_or_else(|| check::HOLD_DIR.into())
}

/// The first of these keys of `[agent]` that names a directory.
fn named(path: &Path, keys: &[&str]) -> Option<PathBuf> {
    let text = trust::read(path).unwrap_or_default();
    let table = toml::from_str::<toml::Table>(&text).unwrap_or_default();
    let agent = table.get("agent")?;
    let named = |key: &&str| Some(PathBuf::from(agent.get(key)?.as_str()?));
    let mut named = keys.iter().filter_map(named);
    named.find(|path| path.is_absolute())
}

/// Checks a whole configuration; `path` is only named in the error.
pub fn read(path: &Path, text: &str) -> Result<Settings, ConfigError> {
    let whole = |what: String| ConfigError::Whole {
        path: path.to_owned(),
        what,
    };
    parse(text).map_err(|Mistake { at, what }| match at {
        None => whole(on_one_line(&what)),
        Some(at) => ConfigError::Wrong {
            path: path.to_owned(),
            line: text[..at.start.min(text.len())].matches('\n').count() + 1,
            what: on_one_line(&what),
        },
    })
}

/// A quoted key may hold anything, and is named in the mistake.
fn on_one_line(what: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    what.chars().map(printable).collect()
}

fn parse(text: &str) -> Result<Settings, Mistake> {
    let file: file::ConfigFile = toml::from_str(text)?;
    check::check(file)
}

#[cfg(test)]
mod tests;
