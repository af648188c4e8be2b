//! `agent doctor`: prints the set-up point by point, as text or as one JSON object.

use super::descriptors;
use super::named::the_app;
use super::runtime::in_runtime;
use super::screen::say;
use crate::config::{self, AppSettings, Settings};
use crate::doctor::{self, Asked, Point};
use crate::text::shell_line;
use clap::Args;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// The app (default: all apps)
    app: Option<String>,
    /// Check this copy of a balancer's haproxy.cfg, too; - is standard input. Repeat it for several
    /// files, in the order of HAProxy's -f; a directory is its .cfg files
    #[arg(long, value_name = "FILE")]
    haproxy_cfg: Vec<PathBuf>,
    /// Print every point, also those that are ok; --json always has all points
    #[arg(long)]
    all: bool,
    /// Does nothing: doctor waits for nothing
    #[arg(long, hide = true)]
    quick: bool,
}

impl Doctor {
    /// Looks, and prints. The exit code is 1 if there is an error.
    pub(super) fn run(&self, config: &Path, json: bool) -> anyhow::Result<u8> {
        let points = match config::load(config) {
            Ok(settings) => self.examined(&settings, config)?,
            Err(error) => vec![doctor::unconfigured(&error)],
        };
        let exit = doctor::exit(&points);
        match json {
            true => say(&format!(
                "{}\n",
                serde_json::json!({"exit": exit, "points": points})
            )),
            false => say(&doctor::text(&points, self.all)),
        }
        Ok(exit)
    }

    fn examined(&self, settings: &Settings, config: &Path) -> anyhow::Result<Vec<Point>> {
        let apps: &[AppSettings] = match &self.app {
            Some(name) => std::slice::from_ref(the_app(settings, Some(name))?),
            None => &settings.apps,
        };
        let files = descriptors::check(settings.balancers.len());
        in_runtime(doctor::look(Asked {
            config,
            settings,
            apps,
            files: files.map_err(|error| error.to_string()),
            haproxy_cfg: doctor::read_haproxy_cfg(&self.haproxy_cfg),
            as_root: self.as_root(std::env::args_os().skip(1)),
        }))
    }

    /// How root makes this call. It reads the file of standard input again.
    fn as_root(&self, words: impl Iterator<Item = OsString>) -> String {
        let call = call_as_root(words);
        match self.haproxy_cfg.iter().any(|file| file == Path::new("-")) {
            true => format!("pipe the file into: {call}"),
            false => call,
        }
    }
}

/// The same call, to paste into a shell.
fn call_as_root(words: impl Iterator<Item = OsString>) -> String {
    let words: Vec<String> = words
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    shell_line(
        ["sudo", "agent"]
            .into_iter()
            .chain(words.iter().map(String::as_str)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_as_root_has_the_same_words() {
        let call = |file: &str| {
            let doctor = Doctor {
                app: None,
                haproxy_cfg: vec![file.into()],
                all: false,
                quick: false,
            };
            let words = ["doctor", "--haproxy-cfg", file, "--config", "it's"];
            doctor.as_root(words.map(OsString::from).into_iter())
        };
        assert_eq!(
            call("my lb.cfg"),
            r"sudo agent doctor --haproxy-cfg 'my lb.cfg' --config 'it'\''s'"
        );
        // It would wait for the terminal.
        assert_eq!(
            call("-"),
            r"pipe the file into: sudo agent doctor --haproxy-cfg - --config 'it'\''s'"
        );
    }
}
