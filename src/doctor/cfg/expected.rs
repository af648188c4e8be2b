//! The facts about an app that the file must fit.

use crate::haproxy::{AppPorts, Own};
use std::time::Duration;

/// An app that the file must fit.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The app's name.
    pub app: &'a str,
    /// Its target. None: the app has none.
    pub target: Option<&'a str>,
    /// Its ports.
    pub ports: AppPorts,
    /// The ports of its page. None: it has none.
    pub page: Option<AppPorts>,
    /// The port of its marker. None: it has none.
    pub marker: Option<u16>,
    /// The lines of both, as HAProxy shows them.
    pub shown: &'a Shown,
    /// Its lines as HAProxy shows them. If empty, the ports identify its lines.
    pub lines: &'a [Own],
    /// All servers that HAProxy shows, each with its backend.
    pub servers: &'a [(String, String)],
    /// The path of the agent's HTTP health check. None without HTTP.
    pub http: Option<&'a str>,
    /// Whether it is only a TCP connect.
    pub connects: bool,
    /// Whether the HTTP check uses TLS.
    pub https: bool,
    /// Whether that check sends a PROXY header.
    pub proxy: bool,
    /// Whether each of its balancers has a master socket in the configuration.
    pub master: bool,
    /// How long a restart waits until its lines are DOWN.
    pub out_of_rotation: Duration,
    /// How long a restart waits until its lines are UP.
    pub in_rotation: Duration,
}

/// The lines beside those of the app that HAProxy shows, as `BACKEND/SERVER`. None: no balancer has
/// answered.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Those of the page.
    pub page: Option<Vec<String>>,
    /// Those of the marker.
    pub marker: Option<Vec<String>>,
}

impl Expected<'_> {
    /// `web`, or `web/green`.
    pub(super) fn label(&self) -> String {
        match self.target {
            Some(target) => format!("{}/{target}", self.app),
            None => self.app.to_owned(),
        }
    }
}
