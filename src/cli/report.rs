//! `agent report`: prints one operation as text, or writes it as an HTML report.

use super::history_text::text;
use super::screen::say;
use super::selection::{Operations, Selection, failed};
use crate::history::{self, Entry};
use crate::report_page;
use anyhow::Context;
use atomic_write_file::AtomicWriteFile;
use atomic_write_file::unix::OpenOptionsExt as _;
use clap::Args;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  agent report                          the last operation, as text
  agent report web --html restart.html  the last one of an app, as HTML
  agent report 1mj1tea0011 --html -     another (`agent history`), to stdout")]
pub(super) struct Reporting {
    /// An app, or the id of an operation
    #[arg(value_name = "APP|ID")]
    pub(super) which: Option<String>,
    /// The last operation (the default without an id)
    #[arg(long)]
    pub(super) last: bool,
    /// Write an HTML report to this file, which only root can read; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
}

/// Means stdout in place of a file.
const STDOUT: &str = "-";

/// Prints or writes the operation. Returns the exit code.
pub(super) fn report(config: &Path, reporting: &Reporting, json: bool) -> anyhow::Result<u8> {
    let file = reporting.html.as_deref();
    if json && file == Some(Path::new(STDOUT)) {
        anyhow::bail!("--json and --html - both print to stdout: name a file for the HTML report");
    }
    let operations = match Operations::read(config) {
        Ok(operations) => operations,
        Err(why) => return Ok(failed(&why, json)),
    };
    let selection = operations.select(config, reporting.which.as_deref())?;
    let id = match &selection {
        Selection::One(_) if reporting.last => {
            anyhow::bail!("--last and an id exclude each other: use one of them")
        }
        Selection::One(entry) => Some(entry.id.clone()),
        Selection::App(app) => last(operations.entries.iter().filter(|entry| entry.app == *app)),
        Selection::All => last(operations.entries.iter()),
    };
    let entry = match id {
        Some(id) => history::one(&operations.directory, &id)?,
        None => None,
    };
    let Some(entry) = entry else {
        let directory = operations.directory.display();
        return Ok(failed(&format!("no operation yet in {directory}"), json));
    };
    if let Some(file) = file {
        is_to_be_written(file)?;
        if let Err(why) = write_page(&entry, file) {
            return Ok(failed(&format!("{why:#}"), json));
        }
    }
    match (file, json) {
        (_, true) => say(&format!("{}\n", serde_json::json!(entry))),
        (None, false) => say(&text(&entry)),
        (Some(_), false) => {}
    }
    Ok(0)
}

fn last<'a>(entries: impl Iterator<Item = &'a Entry>) -> Option<String> {
    entries.last().map(|entry| entry.id.clone())
}

fn is_to_be_written(file: &Path) -> anyhow::Result<()> {
    match fs::symlink_metadata(file) {
        Ok(found) if !found.is_file() && file != Path::new(STDOUT) => anyhow::bail!(
            "{} is not a regular file, so the agent does not overwrite it: name another file",
            file.display()
        ),
        _ => Ok(()),
    }
}

fn write_page(entry: &Entry, file: &Path) -> anyhow::Result<()> {
    let page = report_page::render(entry)?;
    if file == Path::new(STDOUT) {
        say(&page);
        return Ok(());
    }
    // The report says who logged in from where. The owner and mode of an older file must not apply.
    let mut options = AtomicWriteFile::options();
    let options = options
        .mode(0o600)
        .preserve_mode(false)
        .preserve_owner(false);
    let write = || {
        let mut written = options.open(file)?;
        written.write_all(page.as_bytes())?;
        written.commit()
    };
    write().with_context(|| file.display().to_string())
}
