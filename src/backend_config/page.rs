//! The lines of the pages that users meet during maintenance, one for each host.

use super::line::Line;
use super::wanted::Plan;
use crate::haproxy::{AppPorts, Mode};
use std::net::SocketAddr;

const PAGES: &str =
    "    # Pages, for `agent maintenance on`. Backup lines, so no user meets a page while a main line or
    # twin is UP. Without a cookie: with one HAProxy keeps users on the page after the maintenance.
";

/// A page is known by its answer: users meet it by a parked port of the app, too.
const COOKIES: &str = "
    # HAProxy removes the cookie of a user whom a line without a cookie serves. With this rule users
    # keep their host over a maintenance. A page answers 503 with Retry-After, also to a user who
    # meets it at a port of the app.
    http-after-response del-header Set-Cookie if { status 503 } { res.hdr(retry-after) -m found }
";

/// The page speaks neither TLS nor the PROXY protocol.
const PLAIN: &str =
    "    # A page speaks plain HTTP, so these lines undo the words of `default-server`.
";

/// The page's line of one host.
pub(super) struct PageLine {
    pub(super) name: String,
    pub(super) ports: AppPorts,
    at: SocketAddr,
}

impl Line<'_> {
    /// None: the app has no page.
    pub(super) fn page(&self) -> Option<PageLine> {
        let ports = self.app.page.as_ref()?.ports;
        Some(PageLine {
            name: format!("{}-page", self.host.name),
            ports,
            at: SocketAddr::new(self.host.address, ports.port),
        })
    }
}

/// One line for each host, also for one with several targets.
pub(super) fn of_hosts(lines: &[Line<'_>]) -> Vec<PageLine> {
    let mut pages: Vec<PageLine> = lines.iter().filter_map(Line::page).collect();
    pages.dedup_by(|one, before| one.name == before.name);
    pages
}

impl Plan<'_> {
    /// Mode tcp has none: a page is an answer of HTTP.
    pub(super) fn pages(&self) -> String {
        let pages = of_hosts(&self.lines);
        if pages.is_empty() || self.wanted.mode == Mode::Tcp {
            return String::new();
        }
        let (plain, reason) = match self.words.undone() {
            undone if undone.is_empty() => (undone, ""),
            undone => (undone, PLAIN),
        };
        let line = |page: &PageLine| {
            let PageLine { name, at, ports } = page;
            format!(
                "    server {name} {at}{plain} port {} backup\n",
                ports.status_port
            )
        };
        let lines: String = pages.iter().map(line).collect();
        let cookies = match self.layout.has_twins() {
            true => COOKIES,
            false => "",
        };
        format!("\n{PAGES}{reason}{lines}{cookies}")
    }
}
