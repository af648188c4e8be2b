//! Gathers the facts: it takes no lock, changes no rule and writes no file.

mod directory;
mod haproxy_check;
mod lines;
mod one;
mod page;
mod reached;
mod targets;

use super::app_facts::AppFacts;
use super::cfg::Said;
use super::fault::Fault;
use super::lock::Lock as GroupLock;
use super::targets::Targets;
use super::{Facts, File, Point, host, judge, tables};
use crate::app::not_enabled;
use crate::config::{AppSettings, Loaded, Settings};
use crate::history;
use crate::host::interface_addresses;
use crate::state::directory as state;
use crate::state::lock::{Lock, describe};
use one::of_app;
use page::{of_marker, of_page, shown};
use procfs::process::Process;
use std::iter;
use std::net::IpAddr;
use std::path::Path;
use targets::{add_balancers, of_targets};

/// The bit of CAP_NET_ADMIN (capabilities(7)).
const NET_ADMIN: u64 = 1 << 12;

/// What doctor looks at.
pub struct Asked<'a> {
    /// The path of the configuration.
    pub config: &'a Path,
    /// All settings.
    pub settings: &'a Settings,
    /// The apps to check.
    pub apps: &'a [AppSettings],
    /// Whether enough files may be open.
    pub files: Result<(), String>,
    /// HAProxy's configuration files.
    pub haproxy_cfg: Vec<File>,
    /// This call of doctor as root, with the same words.
    pub as_root: String,
}

/// Gathers all facts, and judges them.
pub async fn look(asked: Asked<'_>) -> Vec<Point> {
    let host = host(&asked).await;
    let (mut apps, mut targets) = (Vec::new(), Vec::new());
    let (mut pages, mut markers) = (Vec::new(), Vec::new());
    let mut used: Option<Result<tables::Used, String>> = None;
    for app in asked.apps {
        let of_app_targets = match app.has_targets() {
            true => Some(of_targets(asked.settings, app).await),
            false => None,
        };
        for settings in app.instances() {
            let is_current = is_current(&settings, of_app_targets.as_ref());
            let looked = of_app(asked.settings, &settings, is_current).await;
            apps.push(looked.facts);
            used = Some(match used {
                None => looked.rules,
                Some(all) => all.and_then(|all| looked.rules.map(|_| all)),
            });
        }
        targets.extend(of_app_targets);
        let page = of_page(asked.settings, app).await;
        let marker = of_marker(asked.settings, app, &apps).await;
        let own = apps.iter_mut().filter(|one| one.settings.name == app.name);
        own.for_each(|one| one.shown = shown(page.as_ref(), marker.as_ref()));
        pages.extend(page);
        markers.extend(marker);
    }
    let kept = history::read(&asked.settings.agent.history_dir).unwrap_or_default();
    for app in &mut apps {
        app.evidence.read(&app.settings.name, &kept.entries);
        disprove(app);
    }
    let here = addresses(asked.settings);
    for targets in &mut targets {
        add_balancers(targets, &apps, &here);
    }
    let facts = Facts {
        lock: of_lock(asked.settings).await,
        config: configuration(&asked),
        tables: tables::Tables {
            kernel: kernel(),
            used: used.unwrap_or_else(|| Err("no app".to_owned())),
        },
        host,
        said: said(&asked, &apps).await,
        addresses: here,
        files: asked.haproxy_cfg,
        apps,
        pages,
        markers,
        targets,
    };
    judge(&facts)
}

async fn of_lock(settings: &Settings) -> Option<GroupLock<'_>> {
    let settings = settings.lock.as_ref()?;
    let seen = crate::lock::look(settings).await;
    Some(GroupLock {
        settings,
        files: settings.check_files(),
        seen,
    })
}

/// Whether the app is seen at its current target. An app without targets always is.
fn is_current(seen: &AppSettings, targets: Option<&Targets>) -> Option<bool> {
    match (&seen.target, targets) {
        (Some(target), Some(targets)) => {
            let current = targets.current.as_ref().ok()?;
            Some(current.target == *target)
        }
        _ => Some(true),
    }
}

/// What a HAProxy of this host says of the files.
async fn said(asked: &Asked<'_>, apps: &[AppFacts]) -> Option<Said> {
    let seen = apps.iter().flat_map(|app| &app.balancers);
    let seen = seen.filter_map(|balancer| balancer.seen.as_ref().ok());
    let versions: Vec<&str> = seen.map(|seen| seen.info.version.as_str()).collect();
    let readable = asked.haproxy_cfg.iter().all(|file| file.bytes.is_ok());
    match readable && !asked.haproxy_cfg.is_empty() {
        true => Some(haproxy_check::ask(&asked.haproxy_cfg, &versions).await),
        false => None,
    }
}

/// Marks the possible rules that the last close disproved.
fn disprove(app: &mut AppFacts) {
    let gates = app.gates.iter_mut().map(|gates| &mut gates.gates);
    for seen in gates.flat_map(|gates| iter::once(&mut gates.main).chain(&mut gates.twin)) {
        seen.disproved = app.evidence.disproved(&seen.gate);
    }
}

/// The addresses by which a balancer may know this host.
fn addresses(settings: &Settings) -> Vec<IpAddr> {
    let link_local = |ip: &IpAddr| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    let own = interface_addresses().into_iter();
    let own = own.filter(|ip| !link_local(ip));
    own.chain(settings.agent.addresses.iter().copied())
        .collect()
}

/// The release of Linux.
fn kernel() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease");
    release.unwrap_or_default().trim().to_owned()
}

fn configuration(asked: &Asked) -> String {
    let Settings {
        apps, balancers, ..
    } = asked.settings;
    let names: Vec<&str> = apps.iter().map(|app| app.name.as_str()).collect();
    let plural = |count| if count == 1 { "" } else { "s" };
    format!(
        "{}: app{} {}; {} balancer{}",
        asked.config.display(),
        plural(names.len()),
        names.join(", "),
        balancers.len(),
        plural(balancers.len())
    )
}

async fn host(asked: &Asked<'_>) -> host::Host {
    let agent = &asked.settings.agent;
    let status = Process::myself().and_then(|own| own.status());
    let sidecar = Lock::owner(&state::sidecar(&agent.state_dir));
    let files = asked.files.as_ref().copied();
    host::Host {
        root: nix::unistd::geteuid().is_root(),
        as_root: asked.as_root.clone(),
        net_admin: status.is_ok_and(|status| status.capeff & NET_ADMIN != 0),
        state: directory::all(agent, asked.apps),
        history: directory::history(agent),
        older: Loaded::older(asked.settings)
            .ok()
            .flatten()
            .map(|older| Fault {
                found: older.found(),
                fix: older.command().to_owned(),
            }),
        not_enabled: match sidecar.as_ref().and_then(Option::as_ref) {
            Some(process) => not_enabled(process.pid).await,
            None => None,
        },
        sidecar: sidecar.map(|who| describe(who.as_ref())),
        files: files.map_err(|few| Fault::of(few, "ulimit -n 1024")),
    }
}
