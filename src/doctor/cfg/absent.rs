//! Finds the lines of a page and of a marker that the file lacks: after its reload HAProxy would have
//! none.

use super::expected::Expected;
use super::hidden::hides_lines;
use crate::doctor::Point;
use crate::doctor::check::{Check, about};
use crate::doctor::fix::Fix;
use crate::doctor::lines::line::first_three;
use crate::doctor::{marker, page};
use crate::haproxy::cfg::file::{File, Proxy};
use crate::haproxy::cfg::ours::find;
use crate::haproxy::cfg::server::Server;

/// One of the two.
struct Wanted<'a> {
    check: &'static Check,
    /// `page`, `marker`
    what: &'static str,
    ports: (u16, u16),
    /// As HAProxy shows them. None: no balancer has answered.
    shown: Option<&'a [String]>,
    /// The command that prints the lines.
    printed: String,
}

pub(super) fn points(file: &File, expected: &Expected<'_>) -> Vec<Point> {
    // A variable may be such a line.
    if hides_lines(&file.proxies) {
        return Vec::new();
    }
    let app = expected.app;
    let page = expected.page.map(|page| Wanted {
        check: &page::LINE,
        what: "page",
        ports: (page.port, page.status_port),
        shown: expected.shown.page.as_deref(),
        printed: format!("agent haproxy-config {app} --host NAME=ADDRESS"),
    });
    let marker = expected.marker.map(|port| Wanted {
        check: &marker::LINE,
        what: "marker",
        ports: (port, port),
        shown: expected.shown.marker.as_deref(),
        printed: format!("agent haproxy-config {app} --readonly --host NAME=ADDRESS"),
    });
    let of_page = page.and_then(|page| point(file, &page, || backends(file, expected, &page)));
    let of_marker = marker.and_then(|marker| point(file, &marker, || nowhere(file, &marker)));
    let of_page = about(&page::label_of(app), of_page);
    let of_marker = about(&marker::label(app), of_marker);
    of_page.into_iter().chain(of_marker).collect()
}

/// None: nothing shows that a line is missing, or HAProxy lacks it, too, which is a point of its own.
fn point(
    file: &File,
    wanted: &Wanted<'_>,
    missing: impl FnOnce() -> Option<String>,
) -> Option<Point> {
    let Wanted { what, printed, .. } = wanted;
    let found = match wanted.shown {
        Some(lines) => {
            let lacking = lines.iter().filter(|line| !has(file, line, wanted));
            let lacking: Vec<&str> = lacking.map(String::as_str).collect();
            let lacking = first_three(&lacking);
            lacking.map(|lines| format!("HAProxy has {lines}, and this file has not"))
        }
        None => missing(),
    };
    Some(wanted.check.warning(
        format!("{}: a reload with it leaves no {what} there", found?),
        Fix::paste("before the reload add what this prints", printed),
    ))
}

/// The line itself, or another one of that backend in its place.
fn has(file: &File, line: &str, wanted: &Wanted<'_>) -> bool {
    let (backend, server) = line.split_once('/').unwrap_or(("", line));
    let mut proxies = file.proxies.iter().filter(|proxy| proxy.name == backend);
    let is_it = |one: &Server| one.is_called(server) || wanted.is_it(one);
    proxies.any(|proxy| proxy.servers.iter().any(is_it))
}

/// The backends that serve the app without a page.
fn backends(file: &File, expected: &Expected<'_>, wanted: &Wanted<'_>) -> Option<String> {
    let (serving, _) = find(&file.proxies, expected.lines, expected.ports);
    let without = serving.iter().filter(|ours| !wanted.is_in(ours.proxy));
    let names: Vec<&str> = without.map(|ours| ours.proxy.name.as_str()).collect();
    Some(format!(
        "no line of the page is in {}",
        first_three(&names)?
    ))
}

fn nowhere(file: &File, wanted: &Wanted<'_>) -> Option<String> {
    let is_there = file.proxies.iter().any(|proxy| wanted.is_in(proxy));
    (!is_there).then(|| "no line of the marker is in this file".to_owned())
}

impl Wanted<'_> {
    fn is_in(&self, proxy: &Proxy) -> bool {
        proxy.servers.iter().any(|server| self.is_it(server))
    }

    fn is_it(&self, server: &Server) -> bool {
        let (port, checked) = self.ports;
        (server.port, server.checked()) == (Some(port), Some(checked))
    }
}
