//! `agent page`: serves what users meet during maintenance, until a signal stops it.

use super::named::the_app;
use super::runtime::in_runtime;
use super::screen::{complain, say};
use crate::config::{self, AppSettings, Settings};
use crate::page::{Content, HealthAnswer, Included, Site, bind, name_all, serve};
use clap::Args;
use futures_util::StreamExt;
use nix::sys::signal::Signal;
use sd_notify::NotifyState;
use signal_hook_tokio::Signals;
use std::path::Path;
use std::sync::Arc;

/// Serve the page that users meet during `agent maintenance`
///
/// For systemd (haproxy-gate-page@APP.service), in the foreground. It serves `file` of [app.NAME.page]
/// on `port`, on every address of this host or on the app's `address`. Files beside the page, such as
/// pictures, become part of it. Files outside of its folder can't. The page has 2 MiB at most.
///
/// Every request gets the page with status 503 and `Retry-After`. A client that accepts only JSON
/// gets {"error":"maintenance","retry_after_s":60}. The path of the app's health check gets 200, so
/// HAProxy shows the page's line UP. The server speaks plain HTTP/1.1.
///
/// SIGHUP reads the file again; if it has an error, the server keeps the old page. The configuration
/// is read at the start only. SIGTERM and SIGINT end it, after the requests under way.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  agent page web --dry-run    check the file, print what is in the page
  systemctl enable --now haproxy-gate-page@web
  agent probe web/page        ask for it, as HAProxy and a user do")]
pub(super) struct Paging {
    /// The app; optional if the configuration has only one app
    app: Option<String>,
    /// Check the file, print what is in the page and its size, serve nothing
    #[arg(long)]
    dry_run: bool,
}

/// Another process has the port, or the system refuses it.
const REFUSED: u8 = 11;

/// Serves until a signal stops it. Returns the exit code.
pub(super) fn page(config: &Path, paging: &Paging, json: bool) -> anyhow::Result<u8> {
    // The server runs as a user who may read none of the other files that the configuration names.
    let settings = config::load_copy(config)?;
    let app = the_app(&settings, paging.app.as_deref())?;
    let file = file(app)?;
    let content = Content::load(file)?;
    if paging.dry_run {
        show(app, file, &content, json);
        return Ok(0);
    }
    in_runtime(run(&settings, app, file, content, json))?
}

/// The file that is served.
fn file(app: &AppSettings) -> anyhow::Result<&Path> {
    let name = &app.name;
    let Some(page) = &app.page else {
        anyhow::bail!(
            "app {name} has no page: that needs a table [app.{name}.page] in the configuration"
        );
    };
    let port = page.ports.port;
    page.file().ok_or_else(|| {
        anyhow::anyhow!(
            "[app.{name}.page] has no `file`: then your own server serves the page on port {port}; \
             name a file, if this agent is to serve it"
        )
    })
}

async fn run(
    settings: &Settings,
    app: &AppSettings,
    file: &Path,
    content: Content,
    json: bool,
) -> anyhow::Result<u8> {
    let Some(page) = &app.page else { return Ok(0) };
    let signals = [Signal::SIGHUP, Signal::SIGTERM, Signal::SIGINT].map(|it| it as i32);
    let mut signals = Signals::new(signals)?;
    let listeners = match bind(app.address, page.ports.port) {
        Ok(listeners) => listeners,
        Err(why) => return Ok(refuse(app, &why, json)),
    };
    let described = describe(&content);
    tracing::info!(
        "the page of {}, {}, {described}, on {}",
        app.name,
        file.display(),
        name_all(&listeners)
    );
    for address in &content.elsewhere {
        tracing::warn!("the page names {address}: each browser fetches it from there");
    }
    if HealthAnswer::of(&app.health).is_some_and(|health| health.is_users_path()) {
        tracing::warn!(
            "the health check of {} asks for /, so users get the page at / with 200, not 503: name \
             another path in `health` and in HAProxy",
            app.name
        );
    }
    let hold_dir = settings.agent.hold_dir.clone();
    let site = Arc::new(Site::new(app, page.retry_after, hold_dir, content.text));
    ready(&format!("{}, {described}", file.display()));
    let stop = async {
        while signals.next().await == Some(Signal::SIGHUP as i32) {
            reload(&site, file);
        }
    };
    serve(listeners, &site, stop).await;
    Ok(0)
}

fn reload(site: &Site, file: &Path) {
    match Content::load(file) {
        Ok(content) => {
            let described = format!("{}, {}", file.display(), describe(&content));
            site.replace(content.text);
            tracing::info!("read again: {described}");
            ready(&described);
        }
        Err(fault) => tracing::error!("the old page stays: {fault}"),
    }
}

/// Reports to systemd that users can be served, and what they get.
fn ready(status: &str) {
    let state = [NotifyState::Ready, NotifyState::Status(status)];
    if let Err(error) = sd_notify::notify(&state) {
        tracing::debug!(%error, "systemd can't be notified");
    }
}

fn refuse(app: &AppSettings, why: &str, json: bool) -> u8 {
    let message = format!(
        "{}: {}",
        app.name,
        why.replace("app.NAME", &format!("app.{}", app.name))
    );
    if json {
        print(&serde_json::json!({
            "verb": "page", "outcome": "refused", "exit": REFUSED, "message": message,
        }));
    }
    complain(&message);
    REFUSED
}

/// `12.3 KiB with 2 files`.
fn describe(content: &Content) -> String {
    let size = content.size();
    match content.included.as_slice() {
        [] => size,
        [_] => format!("{size} with 1 file in it"),
        all => format!("{size} with {} files in it", all.len()),
    }
}

/// The dry run.
fn show(app: &AppSettings, file: &Path, content: &Content, json: bool) {
    let port = app.page.as_ref().map(|page| page.ports.port);
    let (name, path) = (&app.name, file.display());
    if json {
        let files = content.included.iter();
        let files = files.map(|it| serde_json::json!({"file": it.name, "bytes": it.bytes}));
        print(&serde_json::json!({
            "verb": "page", "outcome": "planned", "exit": 0, "app": name, "port": port,
            "file": file, "bytes": content.text.len(), "included": files.collect::<Vec<_>>(),
            "elsewhere": content.elsewhere,
        }));
        return;
    }
    let mut text = format!("{name}: {path}, {}\n", describe(content));
    for included in &content.included {
        let Included { name, .. } = included;
        text += &format!("  in the page: {}, {}\n", name.display(), included.size());
    }
    for address in &content.elsewhere {
        text += &format!("  fetched by each browser from there: {address}\n");
    }
    let port = port.unwrap_or_default();
    say(&format!(
        "{text}{name}: would serve it on port {port}\na dry run: nothing was changed\n"
    ));
}

fn print(object: &serde_json::Value) {
    say(&format!("{object}\n"));
}
