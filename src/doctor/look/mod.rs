//! Gathers the facts, read-only: no lock is taken, no rule touched, no file written.

mod count;
mod directory;
mod filters;
mod network;
mod one;

use super::{Facts, Point, file, host, judge, tables};
use crate::config::{AppSettings, Settings};
use crate::state::directory as state;
use crate::state::lock::{Lock, told};
use filters::{filters, native_rules};
use network::Network;
use one::{Looked, of_app};
use procfs::process::Process;
use std::path::{Path, PathBuf};

/// CAP_NET_ADMIN, by its number (capabilities(7)).
const NET_ADMIN: u64 = 1 << 12;

/// What is to be looked at.
pub struct Asked<'a> {
    /// Where the settings are from.
    pub config: &'a Path,
    /// All of them.
    pub settings: &'a Settings,
    /// The apps that were asked for.
    pub apps: &'a [AppSettings],
    /// Why too few files may be open.
    pub files: Result<(), String>,
    /// HAProxy's configuration file and its text; Err: why it can't be read.
    pub haproxy_cfg: Option<(PathBuf, std::io::Result<String>)>,
    /// Counts no checks, and waits for nothing.
    pub quick: bool,
    /// Told before it waits.
    pub tell: &'a dyn Fn(&str),
}

/// Looks at everything, and judges it.
pub async fn look(asked: Asked<'_>) -> Vec<Point> {
    let host = host(&asked);
    let network = Network::look();
    let mut apps = Vec::new();
    let mut firewall = None;
    let mut rules = None;
    for settings in asked.apps {
        let seen = of_app(asked.settings, settings, &network).await;
        let Looked {
            facts,
            firewall: there,
            rules: found,
        } = seen;
        apps.push(facts);
        firewall = firewall.or(there);
        rules = merged(rules, found);
    }
    let filters = match &firewall {
        Some(firewall) if host.sees_rules() => Some(filters(firewall).await),
        _ => None,
    };
    for app in &mut apps {
        native_rules(app, filters.as_ref());
    }
    if let Some(firewall) = firewall.filter(|_| !asked.quick && host.sees_rules()) {
        count::checks(&firewall, &mut apps, asked.tell).await;
    }
    let facts = Facts {
        config: configuration(&asked),
        tables: tables::Tables {
            kernel: kernel(),
            used: rules.unwrap_or_else(|| Err("no app".to_owned())),
        },
        host,
        filters,
        apps,
        file: asked
            .haproxy_cfg
            .map(|(path, text)| file::File { path, text }),
    };
    judge(&facts)
}

/// Linux's release.
fn kernel() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease");
    release.unwrap_or_default().trim().to_owned()
}

fn configuration(asked: &Asked) -> String {
    let names: Vec<&str> = asked
        .settings
        .apps
        .iter()
        .map(|app| app.name.as_str())
        .collect();
    let balancers = asked.settings.balancers.len();
    let balancers = match balancers {
        1 => "1 balancer".to_owned(),
        several => format!("{several} balancers"),
    };
    let (config, plural) = (
        asked.config.display(),
        if names.len() > 1 { "s" } else { "" },
    );
    format!("{config}: app{plural} {}; {balancers}", names.join(", "))
}

fn host(asked: &Asked) -> host::Host {
    let agent = &asked.settings.agent;
    let status = Process::myself().and_then(|own| own.status());
    let sidecar = Lock::holder(&state::sidecar(&agent.state_dir));
    host::Host {
        root: nix::unistd::geteuid().is_root(),
        net_admin: status.is_ok_and(|status| status.capeff & NET_ADMIN != 0),
        directories: directory::all(agent, asked.apps),
        history: directory::history(agent),
        sidecar: sidecar.map(|who| told(who.as_ref())),
        files: asked.files.clone(),
    }
}

/// What one app's gates have in the way of the whole host's tables counts for all.
fn merged(
    all: Option<Result<tables::Used, String>>,
    one: Result<tables::Used, String>,
) -> Option<Result<tables::Used, String>> {
    match (all, one) {
        (Some(Ok(mut all)), Ok(one)) => {
            all.shadowing.extend(one.shadowing);
            Some(Ok(all))
        }
        (Some(Err(why)), _) | (_, Err(why)) => Some(Err(why)),
        (None, one) => Some(one),
    }
}
