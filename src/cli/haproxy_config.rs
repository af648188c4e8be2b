//! `agent haproxy-config`: prints HAProxy's side of the configuration, for HAProxy's
//! administrator. It only reads the configuration, so it runs on any machine.

use super::named::the_app;
use super::screen::{complain, say};
use crate::app::Proxy;
use crate::backend_config::{self, CookiePer, Host, Layout, Transport, Wanted};
use crate::config::Settings;
use crate::haproxy::Mode;
use anyhow::Context;
use clap::Args;
use std::io::Read;
use std::path::{Path, PathBuf};

const EXAMPLE: &str = "Example:
  agent haproxy-config web --host web1=10.0.0.11 --host web2=10.0.0.12

  prints the backend `srvs` with the lines web1, web2, web1-twin and web2-twin.
  For an app without `backup_status_port` it prints web1 and web2 alone.
  For one with the targets blue and green: web1-blue, web1-green, web1-blue-twin, ...
  If the backend exists already, keep the cookies of its users:
  --host web1=10.0.0.11,cookie=w1,twin=bkp1
";

/// Print the HAProxy backend that fits this configuration
///
/// Each host of the list gets a main line. In the layouts for sticky users it also gets a twin, the
/// backup line of the same app. The lines have the ports, the check and `timeout check` of this
/// configuration. The command needs no HAProxy: it runs on any machine with a copy of the
/// configuration.
///
/// HAProxy refuses a backend alone: no listener. So put the result into a copy of HAProxy's
/// configuration, and check that with `haproxy -c -f haproxy.cfg.new`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct HaproxyConfig {
    /// The app; optional if the configuration has only one
    app: Option<String>,
    /// A host: the name of its line, its address, and what differs from the defaults
    ///
    /// By default cookie= is NAME, twin= is NAME-twin, and app= is APP. Set app= for several apps
    /// of one machine in one backend.
    #[arg(long = "host", value_name = "NAME=ADDRESS[,KEY=VALUE]...")]
    hosts: Vec<Host>,
    /// More hosts, a line each: NAME ADDRESS [KEY=VALUE]... (`-`: standard input)
    #[arg(long = "hosts", value_name = "FILE")]
    file: Option<PathBuf>,
    /// The lines of each host [default: the one that fits]
    ///
    /// Without this option: two-stage if the app has a `backup_status_port`. Otherwise classic if a
    /// host names a cookie or a twin, and single if none does.
    #[arg(long, value_name = "LAYOUT", value_enum)]
    layout: Option<Layout>,
    /// The cookies of a host whose app has several targets
    ///
    /// One for the host: a switch moves its users to the new target, and they keep their cookie. One
    /// for each target, as `web1-blue`: with a `sticky` time users stay on the old target until the
    /// time ends.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    cookie_per: CookiePer,
    /// What HAProxy carries for the app: HTTP requests, or connections of another protocol
    ///
    /// Mode tcp has no cookies: the layout is single, or two-stage if the app has a
    /// `backup_status_port`.
    #[arg(long, value_name = "MODE", value_enum, default_value_t)]
    mode: Mode,
    /// The backend's name [default: as in the configuration, or srvs]
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// The app speaks TLS: `ssl` for its users and `check-ssl` for its checks
    ///
    /// The default if `health` uses https. Without it HAProxy checks the status port in plain
    /// text, the app refuses the checks, and every line is DOWN.
    #[arg(long)]
    ssl: bool,
    /// The CA file on the balancer to verify the app's certificate with, or `none`
    ///
    /// The default is `none`: HAProxy accepts any certificate.
    #[arg(long, value_name = "CAFILE|none")]
    verify: Option<String>,
    /// The name in the TLS handshake, for users and checks [default: the host of `health`]
    #[arg(long, value_name = "NAME")]
    sni: Option<String>,
    /// The app wants a PROXY header: `send-proxy` for its users, `check-send-proxy` for its checks
    ///
    /// The default if `health` has proxy = true. `--send-proxy=v2` is send-proxy-v2.
    #[arg(long, value_name = "VERSION", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "v1")]
    send_proxy: Option<Proxy>,
    /// Print the marker backend of `agent readonly` as well, with the rule that refuses writes
    #[arg(long)]
    readonly: bool,
    /// Print a whole configuration, with global, defaults and a frontend
    #[arg(long)]
    whole: bool,
}

pub(super) fn haproxy_config(
    settings: &Settings,
    asked: &HaproxyConfig,
    json: bool,
) -> anyhow::Result<u8> {
    let mut hosts = asked.hosts.clone();
    if let Some(path) = &asked.file {
        let read = || Host::list(&text(path)?).map_err(anyhow::Error::msg);
        hosts.extend(read().with_context(|| path.display().to_string())?);
    }
    let wanted = Wanted {
        app: the_app(settings, asked.app.as_deref())?,
        hosts: &hosts,
        layout: asked.layout,
        cookie_per: asked.cookie_per,
        mode: asked.mode,
        backend: asked.backend.as_deref(),
        transport: Transport {
            ssl: asked.ssl,
            verify: asked.verify.as_deref(),
            sni: asked.sni.as_deref(),
            proxy: asked.send_proxy,
        },
        readonly: asked.readonly,
        whole: asked.whole,
    };
    let text = backend_config::print(settings, &wanted).map_err(anyhow::Error::msg)?;
    let notices = backend_config::notices(settings, &wanted).map_err(anyhow::Error::msg)?;
    match json {
        true => say(&format!(
            "{}\n",
            serde_json::json!({"exit": 0, "text": text, "notices": notices})
        )),
        false => {
            say(&text);
            notices.iter().for_each(|notice| complain(notice));
        }
    }
    Ok(0)
}

fn text(path: &Path) -> std::io::Result<String> {
    if path != Path::new("-") {
        return std::fs::read_to_string(path);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
