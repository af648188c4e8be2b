//! The settings of a page and of a marker.

use crate::app::{Health, HealthCheck};
use crate::haproxy::AppPorts;
use std::path::{Path, PathBuf};
use std::time::Duration;

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

pub(in crate::config) fn ports(port: u16, status_port: u16) -> AppPorts {
    AppPorts {
        port,
        status_port,
        backup_status_port: None,
        health_port: None,
    }
}

impl PageSettings {
    /// The file, if `agent page` serves it.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The check of the page: HAProxy's check of the app, which our server answers without TLS. A
    /// command checks the app itself.
    pub(in crate::config) fn health(&self, app: &Health) -> Health {
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
