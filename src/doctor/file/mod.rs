//! Checks HAProxy's configuration file, if the caller gives it. Only the file shows most of what
//! makes a restart safe.

use super::app_facts::AppFacts;
use super::cfg::{self, Said, Text};
use super::check::{Check, checks};
use super::given::File;
use super::lines::line::first_three;
use super::{Point, Verdict};
use crate::app::HealthCheck;
use crate::haproxy::Own;
use std::borrow::Cow;
use std::io;
use std::net::IpAddr;

checks! {
    FILE "haproxy-cfg":
        "no stats socket shows `option persist`, `option redispatch`, `on-marked-down` and `check-ssl`: they \
         decide whether users notice a restart";
}

/// What `-` stands for.
const STANDARD_INPUT: &str = "standard input";

fn fix(why: &io::Error) -> &'static str {
    match why.kind() {
        io::ErrorKind::NotFound => "correct the path",
        io::ErrorKind::PermissionDenied => "as root, or give a copy that can be read",
        _ => "give HAProxy's configuration file itself, or a copy of it",
    }
}

/// `files` is empty if none was given. `said`: what a HAProxy here says of them.
/// `here`: the addresses of this host.
pub(super) fn points(
    files: &[File],
    said: Option<&Said>,
    apps: &[AppFacts],
    here: &[IpAddr],
) -> Vec<Point> {
    if files.is_empty() {
        return vec![FILE.unseen(
            "HAProxy's configuration file was not given (--haproxy-cfg FILE, a copy will do)",
        )];
    }
    let wrong: Vec<Point> = files.iter().filter_map(unreadable).collect();
    if !wrong.is_empty() {
        return wrong;
    }
    let names: Vec<String> = files.iter().map(name).collect();
    // HAProxy accepts bytes that are not UTF-8, too, for example in a comment.
    let texts = files.iter().flat_map(|file| &file.bytes);
    let texts: Vec<Cow<'_, str>> = texts.map(|bytes| String::from_utf8_lossy(bytes)).collect();
    let texts = names.iter().zip(&texts);
    let texts: Vec<Text<'_>> = texts.map(|(name, text)| Text { name, text }).collect();
    let shown: Vec<&str> = names.iter().map(String::as_str).collect();
    let shown = first_three(&shown).unwrap_or_default();
    match cfg::is_empty(&texts) {
        true => without_servers(&texts, said, &shown),
        false => judged(&texts, said, apps, (here, &shown)),
    }
}

fn judged(
    texts: &[Text<'_>],
    said: Option<&Said>,
    apps: &[AppFacts],
    (here, shown): (&[IpAddr], &str),
) -> Vec<Point> {
    let plural = if texts.len() == 1 { "" } else { "s" };
    let lines: Vec<Vec<Own>> = apps.iter().map(own_lines).collect();
    let servers: Vec<Vec<(String, String)>> = apps.iter().map(servers).collect();
    let apps = apps.iter().zip(&lines).zip(&servers);
    let apps: Vec<cfg::Expected> = apps
        .map(|((app, lines), servers)| expected(app, lines, servers))
        .collect();
    let mut points = vec![FILE.ok(format!("HAProxy's configuration file{plural}: {shown}"))];
    if apps.iter().all(|app| app.lines.is_empty()) {
        points.extend(of_other_hosts(&cfg::hosts(texts), here, shown));
    }
    points.extend(cfg::check_all(texts, said, &apps));
    points
}

/// Only addresses can show that no line is one of this host: a name or a variable may be it.
fn of_other_hosts(hosts: &[String], here: &[IpAddr], shown: &str) -> Option<Point> {
    let hosts: Option<Vec<IpAddr>> = hosts.iter().map(|host| host.parse().ok()).collect();
    let is_here = hosts?.iter().any(|host| here.contains(host));
    let routed = here.iter().filter(|address| !address.is_loopback());
    let routed: Vec<String> = routed.map(IpAddr::to_string).collect();
    let routed: Vec<&str> = routed.iter().map(String::as_str).collect();
    let routed = first_three(&routed)?;
    (!is_here).then(|| {
        FILE.unseen(format!(
            "no server line of {shown} has an address of this host ({routed})"
        ))
    })
}

/// HAProxy may refuse just the lines that were to be server lines.
fn without_servers(texts: &[Text<'_>], said: Option<&Said>, shown: &str) -> Vec<Point> {
    let mut points = cfg::check_all(texts, said, &[]);
    points.retain(|point| point.verdict >= Verdict::Warning);
    points.push(FILE.error(
        format!("no server line of this host is in {shown}, nor any other"),
        "name the file that HAProxy runs with",
    ));
    points
}

fn name(file: &File) -> String {
    match file.path.as_os_str() == "-" {
        true => STANDARD_INPUT.to_owned(),
        false => file.path.display().to_string(),
    }
}

fn unreadable(file: &File) -> Option<Point> {
    let why = match &file.bytes {
        Ok(bytes) if bytes.is_empty() && file.path.as_os_str() == "-" => {
            return Some(FILE.error(
                format!("{STANDARD_INPUT} is empty: the command before the pipe printed nothing"),
                "run the command before the pipe alone and look at its error",
            ));
        }
        Ok(_) => return None,
        Err(why) => why,
    };
    Some(FILE.error(format!("{} can't be read: {why}", name(file)), fix(why)))
}

fn expected<'a>(
    app: &'a AppFacts,
    lines: &'a [Own],
    servers: &'a [(String, String)],
) -> cfg::Expected<'a> {
    let (http, https, proxy) = match &app.settings.health.check {
        HealthCheck::Http {
            path, tls, proxy, ..
        } => (Some(path.as_str()), tls.is_some(), proxy.is_some()),
        HealthCheck::Tcp | HealthCheck::Command(_) => (None, false, false),
    };
    cfg::Expected {
        app: &app.settings.name,
        target: app.settings.target.as_deref(),
        ports: app.settings.ports,
        page: app.settings.page.as_ref().map(|page| page.ports),
        marker: app.settings.readonly.map(|marker| marker.status_port),
        shown: &app.shown,
        lines,
        servers,
        http,
        connects: matches!(app.settings.health.check, HealthCheck::Tcp),
        https,
        proxy,
        master: app.has_master,
        out_of_rotation: app.settings.limits.out_of_rotation,
        in_rotation: app.settings.limits.in_rotation,
    }
}

/// All servers that the balancers of the app show. A name that several of them have is there as often.
fn servers(app: &AppFacts) -> Vec<(String, String)> {
    let seen = app.balancers.iter().flat_map(|balancer| &balancer.seen);
    let found = seen.filter_map(|seen| seen.found.as_ref().ok());
    let servers = found.flat_map(|found| &found.servers);
    servers
        .map(|one| (one.backend.clone(), one.server.clone()))
        .collect()
}

/// The app's lines as its balancers show them, each once.
fn own_lines(app: &AppFacts) -> Vec<Own> {
    let mut lines: Vec<Own> = Vec::new();
    let seen = app.balancers.iter().flat_map(|balancer| &balancer.seen);
    for own in seen.flat_map(|seen| seen.own()) {
        if !lines.contains(own) {
            lines.push(own.clone());
        }
    }
    lines
}

#[cfg(test)]
mod tests;
