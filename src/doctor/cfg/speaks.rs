//! Checks that the checks of a line use the layers of its app: TLS, and a PROXY header.
//!
//! With `port` or `addr` on a line, HAProxy does not apply `ssl` and `send-proxy` to its checks.
//! The gate still redirects them to the app, and the app refuses them.

use super::checks::{Checks, by_tls};
use super::expected::Expected;
use super::ours::{Ours, names};
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::haproxy::cfg::rules::Connect;
use crate::haproxy::cfg::server::Server;

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
    /// The words of a line that switch the layer on: for its users, and for its checks.
    words: [&'static str; 2],
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
    let checks = Checks::of(ours);
    let mut points = layer(ours, &checks, &tls(ours, expected));
    points.extend(layer(ours, &checks, &proxy(expected)));
    points
}

fn tls(ours: &Ours<'_>, expected: &Expected<'_>) -> Layer {
    let plain = ours.proxy.settings.http || expected.http.is_some();
    Layer {
        check: &SSL,
        words: ["ssl", "check-ssl"],
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
        words: ["send-proxy", "check-send-proxy"],
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

fn layer(ours: &Ours<'_>, checks: &Checks, layer: &Layer) -> Vec<Point> {
    let of = &ours.proxy.name;
    if let Some(kind) = layer.own.iter().find(|kind| checks.is(kind)) {
        let found = format!("option {kind} takes no `{}` of a line", layer.words[0]);
        return vec![layer.check.ok(of, found)];
    }
    let faults = ours
        .all()
        .filter_map(|server| Some((fault(checks, layer, server)?, server)));
    let mut faults: Vec<(Fault, &Server)> = faults.collect();
    faults.sort_by_key(|(fault, _)| *fault);
    if faults.is_empty() {
        return vec![layer.check.ok(of, well(ours, layer))];
    }
    let alike = faults.chunk_by(|one, other| one.0 == other.0);
    let point = |some: &[(Fault, &Server)]| {
        let lines: Vec<&Server> = some.iter().map(|(_, server)| *server).collect();
        point(ours, checks, layer, some[0].0, &lines)
    };
    alike.map(point).collect()
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

fn well(ours: &Ours<'_>, layer: &Layer) -> String {
    let [word, check] = layer.words;
    match (ours.all().any(layer.users), layer.otherwise) {
        (true, _) => format!("lines with `{word}` are checked by it, too"),
        (false, Some(true)) => format!("lines are checked by it, as `health` is: `{check}`"),
        (false, Some(false)) => format!("no line has `{word}` or `{check}`"),
        (false, None) => {
            format!("no line has `{word}`; whether the app wants it is not known (mode tcp)")
        }
    }
}

fn point(
    ours: &Ours<'_>,
    checks: &Checks,
    layer: &Layer,
    fault: Fault,
    lines: &[&Server],
) -> Point {
    let (of, [word, check], without) = (&ours.proxy.name, layer.words, layer.without);
    let names = names(lines.iter().copied());
    let extra = match checks.connects.iter().any(layer.rule) {
        true => format!("{} {word}", checks.rule()),
        false => check.to_owned(),
    };
    let fix = match fault {
        Fault::Dropped => to_be_checked(ours, layer, lines),
        Fault::Rule => format!("in {of}: add `{word}` to the rule `{}`", checks.rule()),
        Fault::Nowhere => format!("on the line of {names}: {} {check}", layer.both),
        Fault::Users => format!("on the line of {names}: {}", layer.both),
        Fault::Extra => format!(
            "take `{extra}` away, or on the line of {names}: {}",
            layer.both
        ),
    };
    let found = match fault {
        Fault::Dropped => {
            let by = switch(layer, lines[0]);
            format!("`{word}` with `{by}` is checked {without}, there is no `{check}`: {names}")
        }
        Fault::Rule => {
            let rule = checks.rule();
            format!("`{rule}` without `{word}` or `default` checks {without}: {names}")
        }
        Fault::Nowhere => {
            format!("checked {without}, though `health` is not, there is no `{check}`: {names}")
        }
        Fault::Extra | Fault::Users => {
            format!("`{extra}` without `{word}`, users come {without}: {names}")
        }
    };
    match fault {
        Fault::Extra if layer.optional => layer.check.warning(of, found, fix),
        Fault::Extra | Fault::Users => layer.check.error(of, found, fix),
        _ if checks.ask => layer.check.error(of, found, fix),
        // A TCP connect succeeds anyway.
        _ => layer.check.warning(of, found, fix),
    }
}

/// The word that switches the layer off for the checks of a line.
fn switch(layer: &Layer, server: &Server) -> &'static str {
    let words = &server.words;
    match () {
        () if layer.words[0] == "ssl" && words.transport.check_ssl.is_some() => "no-check-ssl",
        () if words.check_port.is_none() && words.check_host.is_some() => "addr",
        () => "port",
    }
}

/// The fix: one line for the whole backend, if that harms no other line.
fn to_be_checked(ours: &Ours<'_>, layer: &Layer, lines: &[&Server]) -> String {
    let check = layer.words[1];
    let off = |line: &&&Server| switch(layer, line) == "no-check-ssl";
    let (off, on): (Vec<&Server>, Vec<&Server>) = lines.iter().partition(|line| off(line));
    let mut fixes = Vec::new();
    // The word on the line overrides `default-server`.
    if !off.is_empty() {
        let names = names(off);
        fixes.push(format!(
            "write `{check}` in place of `no-{check}` for {names}"
        ));
    }
    let (kind, name) = (ours.proxy.kind, &ours.proxy.name);
    match ours.proxy.servers.iter().all(layer.users) {
        _ if on.is_empty() => {}
        true => fixes.push(format!(
            "in {kind} {name}, above its servers: default-server {check}"
        )),
        false => fixes.push(format!("on the line of {}: {check}", names(on))),
    }
    fixes.join("; ")
}
