//! Checks the lines of an app's page, and the rule of its marker, in the file.

use super::expected::Expected;
use super::judged::names;
use crate::doctor::Point;
use crate::doctor::check::{Check, about, checks};
use crate::doctor::fix::Fix;
use crate::doctor::lines::line::first_three;
use crate::doctor::page::{BACKUP, backup_fault};
use crate::haproxy::AppPorts;
use crate::haproxy::cfg::asked::Refusals;
use crate::haproxy::cfg::file::{File, Proxy};
use crate::haproxy::cfg::front::{any_front_refuses, fronts_keep_cookies, fronts_refuse};
use crate::haproxy::cfg::ours::find;
use crate::haproxy::cfg::server::Server;

checks! {
    COOKIE "page-cookie":
        "with a cookie on the line of a page HAProxy keeps users on the page after the maintenance";
    KEEPS "cfg-page-cookies":
        "HAProxy removes the cookie of a user whom a line without a cookie serves: after a maintenance \
         sticky users would come to another host";
    RULE "readonly-rule":
        "the line of the marker refuses nothing by itself: while `agent readonly` is on, writes would go on";
}

/// The rule that keeps the cookies, by what a page answers.
const KEEP: &str =
    "http-after-response del-header Set-Cookie if { status 503 } { res.hdr(retry-after) -m found }";

pub(super) fn points(file: &File, expected: &Expected<'_>) -> Vec<Point> {
    let proxies = file.proxies.iter();
    let points = proxies.flat_map(|proxy| {
        let page = expected.page.into_iter();
        let of_page = page.flat_map(|page| page_lines(file, proxy, page));
        let marker = expected
            .marker
            .and_then(|port| rule(file, proxy, expected, port));
        about(&proxy.name, of_page.chain(marker))
    });
    points.collect()
}

fn page_lines(file: &File, proxy: &Proxy, page: AppPorts) -> Vec<Point> {
    let is_page = |server: &&Server| {
        (server.port, server.checked()) == (Some(page.port), Some(page.status_port))
    };
    let pages = || proxy.servers.iter().filter(is_page);
    if pages().next().is_none() {
        return Vec::new();
    }
    let without = names(pages().filter(|server| !server.words.backup));
    let backup = BACKUP.or_ok(
        without.map(|names| backup_fault(&names)),
        "the lines of the page are marked `backup`",
    );
    backup
        .into_iter()
        .chain(cookies(
            file,
            proxy,
            pages().filter(|server| server.words.cookie.is_some()),
        ))
        .collect()
}

/// Cookies are HTTP's.
fn cookies<'a>(file: &File, proxy: &Proxy, with: impl Iterator<Item = &'a Server>) -> Vec<Point> {
    if !proxy.settings.http {
        return Vec::new();
    }
    let with = names(with).map(|names| {
        let fix = format!("take `cookie` away from the line of {names}");
        COOKIE.error(format!("the line of a page has a cookie: {names}"), fix)
    });
    let mut points = COOKIE.or_ok(with, "no line of a page has a cookie");
    let mut words = proxy.settings.cookie.iter().flat_map(|words| words.iter());
    if words.any(|word| word == "insert") {
        points.push(kept(file, proxy));
    }
    points
}

fn kept(file: &File, proxy: &Proxy) -> Point {
    let keeps = proxy.settings.keeps_cookies || fronts_keep_cookies(&file.fronts, &proxy.name);
    match keeps {
        true => KEEPS.ok("a rule keeps the cookies of users whom the page serves"),
        false => KEEPS.warning(
            "no rule keeps the cookies of users whom the page serves",
            Fix::paste(format!("in {} {}", proxy.kind, proxy.name), KEEP),
        ),
    }
}

/// None: the backend has no line of the marker.
fn rule(file: &File, proxy: &Proxy, expected: &Expected<'_>, port: u16) -> Option<Point> {
    let is_marker = |server: &&Server| server.port == Some(port) && server.checked() == Some(port);
    let markers = proxy.servers.iter().filter(is_marker);
    let markers: Vec<String> = markers
        .map(|one| format!("{}/{}", proxy.name, one.name))
        .collect();
    markers.first()?;
    let depends = |rules: &Refusals| {
        rules.depend_on(&proxy.name) || markers.iter().any(|marker| rules.depend_on(marker))
    };
    let lacking = match lacking(file, expected, &depends) {
        Ok(()) => return Some(RULE.ok("a rule refuses writes by the lines of the marker")),
        Err(lacking) => lacking,
    };
    let checked = match proxy.servers.iter().any(|server| server.name == "checked") {
        true => format!(" !{{ srv_is_up({}/checked) }}", proxy.name),
        false => String::new(),
    };
    Some(RULE.error(
        lacking,
        Fix::paste(
            "in each frontend of these users",
            format!(
                "http-request return status 503 hdr Retry-After 60 if !{{ method GET HEAD OPTIONS }} \
                 {{ nbsrv({}) ge 1 }}{checked}",
                proxy.name
            ),
        ),
    ))
}

/// Err: where writes pass. Users come to each backend of the app by its fronts.
fn lacking(
    file: &File,
    expected: &Expected<'_>,
    depends: &dyn Fn(&Refusals) -> bool,
) -> Result<(), String> {
    let none = "no rule of a frontend or backend refuses requests by the lines of the marker";
    let in_proxy = |proxy: &Proxy| depends(&proxy.settings.refusals);
    if !any_front_refuses(&file.fronts, depends) && !file.proxies.iter().any(in_proxy) {
        return Err(none.to_owned());
    }
    let (served, _) = find(&file.proxies, expected.lines, expected.ports);
    let passes = served.iter().map(|ours| ours.proxy).filter(|proxy| {
        !in_proxy(proxy) && fronts_refuse(&file.fronts, &proxy.name, depends) == Some(false)
    });
    match first_three(&passes.map(|proxy| proxy.name.as_str()).collect::<Vec<_>>()) {
        None => Ok(()),
        Some(names) => Err(format!(
            "not every frontend that sends users to {names} has a rule that refuses requests by the lines of \
             the marker: writes pass by the other frontends"
        )),
    }
}
