//! Checks that the checks of a line use the layers of its app: TLS, and a PROXY header.
//!
//! With `port` or `addr` on a line, HAProxy does not apply `ssl` and `send-proxy` to its checks.
//! The gate still redirects them to the app, and the app refuses them.

use super::expected::Expected;
use super::judged::names;
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::doctor::fix::Fix;
use crate::haproxy::cfg::checks::{Checks, by_tls};
use crate::haproxy::cfg::ours::Ours;
use crate::haproxy::cfg::rules::Connect;
use crate::haproxy::cfg::server::Server;
use std::collections::BTreeMap;

checks! {
    SSL "cfg-check-ssl":
        "with `port` or `addr` on a line HAProxy checks it without the line's `ssl`; the gate redirects \
         the check to the app's own port, and an app that wants TLS refuses it";
    PROXY "cfg-check-send-proxy":
        "with `port` or `addr` on a line HAProxy checks it without the line's `send-proxy`; the gate \
         redirects the check to the app's own port, and an app that wants a PROXY header refuses it";
}

/// One layer below the checks.
struct Layer {
    check: &'static Check,
    /// The word of a line that switches the layer on for its users.
    word: &'static str,
    /// The word that switches it on for its checks.
    check_word: &'static str,
    /// The first word with the argument that HAProxy needs.
    both: &'static str,
    /// The name of checks without the layer.
    without: &'static str,
    /// Whether the line's users use the layer.
    users: fn(&Server) -> bool,
    /// Whether the line's own words make its checks use the layer.
    line: fn(&Server) -> bool,
    /// Whether this rule makes checks use the layer.
    rule: fn(&Connect) -> bool,
    /// Whether the app needs the layer if no user uses it. None if not known.
    otherwise: Option<bool>,
    /// Kinds of checks that have a layer of their own, or none.
    own: &'static [&'static str],
    /// Many apps accept the layer, and also work without it.
    optional: bool,
    /// The agent's `health` uses the layer, and HAProxy does not pass on that of the users.
    of_users_too: bool,
}

pub(crate) fn points(ours: &Ours<'_>, expected: &Expected<'_>) -> Vec<Point> {
    let checks = Checks::of(&ours.proxy.settings);
    let layers = [tls(ours, expected), proxy(expected)];
    layers
        .iter()
        .flat_map(|layer| wrong(ours, &checks, layer))
        .collect()
}

fn tls(ours: &Ours<'_>, expected: &Expected<'_>) -> Layer {
    let plain = ours.proxy.settings.http || expected.http.is_some();
    Layer {
        check: &SSL,
        word: "ssl",
        check_word: "check-ssl",
        both: "ssl verify required ca-file CAFILE",
        without: "in plain text",
        users: |server| server.words.transport.ssl,
        line: by_tls,
        rule: |connect| connect.ssl,
        otherwise: match (expected.https, plain) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            // `mode tcp` may pass on the users' own TLS.
            (false, false) => None,
        },
        own: &["external-check", "ssl-hello-chk"],
        optional: false,
        of_users_too: expected.https && ours.proxy.settings.http,
    }
}

fn proxy(expected: &Expected<'_>) -> Layer {
    Layer {
        check: &PROXY,
        word: "send-proxy",
        check_word: "check-send-proxy",
        both: "send-proxy",
        without: "without a PROXY header",
        users: |server| server.words.transport.sends_proxy(),
        line: |server| {
            let transport = &server.words.transport;
            transport.checks_by_proxy(server.checks_by_its_own_place())
        },
        rule: |connect| connect.send_proxy,
        otherwise: Some(expected.proxy),
        own: &["external-check"],
        optional: true,
        of_users_too: false,
    }
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// `port`, `addr` or `no-check-ssl` switches the layer off for its checks.
    Dropped,
    /// A `connect` rule without `default` switches it off.
    Rule,
    /// Only the agent's `health` uses the layer, neither the users nor the checks of the line.
    Nowhere,
    /// Its checks use the layer, and its users do not.
    Extra,
    /// Its checks and `health` use the layer, and only its users do not.
    Users,
}

fn wrong(ours: &Ours<'_>, checks: &Checks, layer: &Layer) -> Vec<Point> {
    if layer.own.iter().any(|kind| checks.is(kind)) {
        return Vec::new();
    }
    let mut faults: BTreeMap<Fault, Vec<&Server>> = BTreeMap::new();
    for server in ours.all() {
        if let Some(fault) = fault(checks, layer, server) {
            faults.entry(fault).or_default().push(server);
        }
    }
    let faults = faults.into_iter();
    faults
        .filter_map(|(fault, lines)| point(ours, checks, layer, fault, &lines))
        .collect()
}

fn fault(checks: &Checks, layer: &Layer, server: &Server) -> Option<Fault> {
    let line = (layer.line)(server);
    let mut connects = checks.connects.iter();
    let checked = connects.any(|connect| (layer.rule)(connect) || connect.line && line);
    let users = (layer.users)(server);
    let wanted = if users { Some(true) } else { layer.otherwise };
    let by_rule = !checks.connects.iter().any(|connect| connect.line);
    match (wanted, checked) {
        (Some(true), false) if by_rule => Some(Fault::Rule),
        (Some(true), false) if users => Some(Fault::Dropped),
        (Some(true), false) => Some(Fault::Nowhere),
        (Some(false), true) => Some(Fault::Extra),
        (_, true) if layer.of_users_too && !users => Some(Fault::Users),
        _ => None,
    }
}

fn point(
    ours: &Ours<'_>,
    checks: &Checks,
    layer: &Layer,
    fault: Fault,
    lines: &[&Server],
) -> Option<Point> {
    let (of, word, check_word) = (&ours.proxy.name, layer.word, layer.check_word);
    let (rule, without, both) = (checks.rule(), layer.without, layer.both);
    let names = names(lines.iter().copied())?;
    let extra = match checks.connects.iter().any(layer.rule) {
        true => format!("{rule} {word}"),
        false => check_word.to_owned(),
    };
    let extra_found = format!("`{extra}` without `{word}`, users come {without}: {names}");
    let (found, fix) = match fault {
        Fault::Dropped => (
            format!(
                "`{word}` with `{}` is checked {without}, there is no `{check_word}`: {names}",
                switch(layer, lines[0])
            ),
            to_be_checked(ours, layer, lines),
        ),
        Fault::Rule => (
            format!("`{rule}` without `{word}` or `default` checks {without}: {names}"),
            Fix::from(format!("in {of}: add `{word}` to the rule `{rule}`")),
        ),
        Fault::Nowhere => (
            format!(
                "checked {without}, though `health` is not, there is no `{check_word}`: {names}"
            ),
            Fix::paste(on_line(&names), format!("{both} {check_word}")),
        ),
        Fault::Users => (extra_found, Fix::paste(on_line(&names), both)),
        Fault::Extra => (
            extra_found,
            Fix::paste(format!("take `{extra}` away, or {}", on_line(&names)), both),
        ),
    };
    Some(match fault {
        Fault::Extra if layer.optional => layer.check.warning(found, fix),
        Fault::Extra | Fault::Users => layer.check.error(found, fix),
        _ if checks.ask => layer.check.error(found, fix),
        // A TCP connect succeeds anyway.
        _ => layer.check.warning(found, fix),
    })
}

/// The word that switches the layer off for the checks of a line.
fn switch(layer: &Layer, server: &Server) -> &'static str {
    let words = &server.words;
    match () {
        () if layer.word == "ssl" && words.transport.check_ssl.is_some() => "no-check-ssl",
        () if words.check_port.is_none() && words.check_host.is_some() => "addr",
        () => "port",
    }
}

/// The fix: one line for the whole backend, if that harms no other line.
fn to_be_checked(ours: &Ours<'_>, layer: &Layer, lines: &[&Server]) -> Fix {
    let (check, kind, name) = (layer.check_word, ours.proxy.kind, &ours.proxy.name);
    let is_off = |line: &&Server| switch(layer, line) == "no-check-ssl";
    let (off, on): (Vec<&Server>, Vec<&Server>) = lines.iter().partition(|line| is_off(line));
    // The word on the line overrides `default-server`.
    let off =
        names(off).map(|names| format!("write `{check}` in place of `no-{check}` for {names}"));
    let on = names(on).map(|names| match ours.proxy.servers.iter().all(layer.users) {
        true => Fix::paste(
            format!("in {kind} {name}, above its servers"),
            format!("default-server {check}"),
        ),
        false => Fix::paste(on_line(&names), check),
    });
    let fixes = off.map(Fix::from).into_iter().chain(on);
    fixes.fold(Fix::default(), Fix::and)
}

fn on_line(names: &str) -> String {
    format!("on the line of {names}")
}
