//! `[app.NAME.page]`, what users meet during maintenance, and `[app.NAME.readonly]`, the marker by
//! which HAProxy refuses writes. Each is a view of the app with a gate of its own.

pub(super) mod file;

use super::AppSettings;
use super::file::AppFile;
use super::mistake::Mistake;
use super::port::Port;
use crate::app::{Health, HealthCheck};
use crate::gate::Destination;
use crate::haproxy::AppPorts;
use crate::restart::Limits;
use file::{PageFile, ReadonlyFile};
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;

/// The name of the page among the targets of an app.
pub const PAGE: &str = "page";

/// The name of the marker among them.
pub const READONLY: &str = "readonly";

/// The page of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSettings {
    /// The port that it is served on, and the one that HAProxy's line checks.
    pub ports: AppPorts,
    /// The HTML file that `agent page` serves. None: another server listens on the port.
    pub file: Option<PathBuf>,
    /// What `Retry-After` says, unless the maintenance has an end.
    pub retry_after: Duration,
}

/// The marker of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadonlySettings {
    /// The port that HAProxy's line of the marker backend has and checks.
    pub status_port: u16,
    /// What answers the check behind the open gate. None: what answers the checks of the app.
    pub gate_to: Option<u16>,
}

pub(super) fn check_page(page: PageFile) -> Result<PageSettings, Mistake> {
    let file = page.file.map(check_file).transpose()?;
    Ok(PageSettings {
        ports: ports(page.port.get_ref().0, page.status_port.get_ref().0),
        file,
        retry_after: page.retry_after,
    })
}

fn check_file(file: Spanned<PathBuf>) -> Result<PathBuf, Mistake> {
    match file.get_ref().is_absolute() {
        true => Ok(file.into_inner()),
        false => Err(Mistake::new(
            file.span(),
            "write the whole path of the page, from the first `/` on: the server of the page runs \
             in a folder of its own",
        )),
    }
}

/// The page's server answers the marker's check, too: it runs while the app is restarted.
pub(super) fn check_readonly(
    readonly: ReadonlyFile,
    page: Option<&PageSettings>,
) -> ReadonlySettings {
    let named = readonly.gate_to.map(|port| port.get_ref().0);
    ReadonlySettings {
        status_port: readonly.status_port.get_ref().0,
        gate_to: named.or(page.map(|page| page.ports.port)),
    }
}

fn ports(port: u16, status_port: u16) -> AppPorts {
    AppPorts {
        port,
        status_port,
        backup_status_port: None,
        health_port: None,
    }
}

/// A target with one of these names would be taken for the page or the marker.
pub(super) fn check_target_name(name: &Spanned<String>) -> Result<(), Mistake> {
    match name.get_ref().as_str() {
        reserved @ (PAGE | READONLY) => Err(Mistake::new(
            name.span(),
            format!("a target can't be named {reserved}: `agent status` names something else so"),
        )),
        _ => Ok(()),
    }
}

/// The status ports of an app's page and marker.
pub(super) fn status_ports(app: &AppFile) -> impl Iterator<Item = u16> {
    all_ports(app)
        .into_iter()
        .skip(1)
        .filter_map(|(_, port)| Some(port?.get_ref().0))
}

/// The ports with their keys. The first one is no status port.
pub(super) fn all_ports(app: &AppFile) -> [(&'static str, Option<&Spanned<Port>>); 3] {
    let page = app.page.as_ref().map(|page| &page.0);
    let readonly = app.readonly.as_ref().map(|readonly| &readonly.0);
    [
        ("page.port", page.map(|page| &page.port)),
        ("page.status_port", page.map(|page| &page.status_port)),
        ("readonly.status_port", readonly.map(|it| &it.status_port)),
    ]
}

impl AppSettings {
    /// The app, seen at its page: what a maintenance opens. None: it has no page.
    pub fn at_page(&self) -> Option<AppSettings> {
        let page = self.page.as_ref()?;
        let to = Destination::Port(page.ports.port);
        Some(AppSettings {
            health: page.health(&self.health),
            verify: None,
            ..self.beside(PAGE, page.ports, to)
        })
    }

    /// The app, seen at its marker: what `agent readonly` opens. None: it has none.
    pub fn at_marker(&self) -> Option<AppSettings> {
        let ReadonlySettings {
            status_port,
            gate_to,
        } = self.readonly?;
        let to = gate_to.map_or(self.gate_to, Destination::Port);
        Some(self.beside(READONLY, ports(status_port, status_port), to))
    }

    /// The views of the app that have a gate beside those of its targets.
    pub fn besides(&self) -> impl Iterator<Item = AppSettings> {
        self.at_page().into_iter().chain(self.at_marker())
    }

    /// The same app, seen at this target, at its page, or, by an empty name, without targets.
    pub fn view(&self, name: &str) -> Option<AppSettings> {
        match name {
            PAGE => self.at_page(),
            "" if !self.has_targets() => Some(self.clone()),
            name => self.at(name),
        }
    }

    /// Whether it is seen at its page.
    pub fn is_page(&self) -> bool {
        self.target.as_deref() == Some(PAGE)
    }

    fn beside(&self, name: &str, ports: AppPorts, gate_to: Destination) -> AppSettings {
        AppSettings {
            target: Some(name.to_owned()),
            ports,
            gate_to,
            run: None,
            limits: Limits {
                two_stage: false,
                sticky: Duration::ZERO,
                ..self.limits.clone()
            },
            ..self.clone()
        }
    }
}

impl PageSettings {
    /// The file, if `agent page` serves it.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The check of the page: HAProxy's check of the app, which our server answers without TLS. A
    /// command checks the app itself.
    fn health(&self, app: &Health) -> Health {
        let check = match &app.check {
            HealthCheck::Http { path, status, .. } if self.file.is_some() => HealthCheck::Http {
                path: path.clone(),
                status: *status,
                host: None,
                tls: None,
                proxy: None,
            },
            HealthCheck::Command(_) => HealthCheck::Tcp,
            check => check.clone(),
        };
        Health {
            check,
            ..app.clone()
        }
    }
}
