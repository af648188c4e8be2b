//! Checks the name and the protocol in the TLS handshake of a check.

use super::judged::names;
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::doctor::fix::Fix;
use crate::haproxy::cfg::checks::{Checks, by_tls};
use crate::haproxy::cfg::ours::Ours;
use crate::haproxy::cfg::server::Server;
use crate::haproxy::cfg::transport::Transport;

checks! {
    SNI "cfg-check-sni":
        "HAProxy does not use `sni` for its checks: an app that wants a name in the handshake refuses them";
    ALPN "cfg-check-alpn":
        "HAProxy 2.6 and 3.0 offer the line's `alpn` in a check, too, and use HTTP/1 whatever the app \
         chooses: if it chooses h2, the check fails (L7RSP)";
}

pub(crate) fn points(ours: &Ours<'_>) -> Vec<Point> {
    let checks = Checks::of(&ours.proxy.settings);
    let tls = |server: &Server| {
        let mut connects = checks.connects.iter();
        connects.any(|connect| connect.ssl || connect.line && by_tls(server))
    };
    let lines: Vec<&Server> = ours.all().filter(|server| tls(server)).collect();
    let points = [sni(&checks, &lines), alpn(&checks, &lines)];
    points.into_iter().flatten().collect()
}

fn sni(checks: &Checks, lines: &[&Server]) -> Option<Point> {
    let ruled = checks.connects.iter().any(|connect| connect.sni);
    let lacks = |words: &Transport| words.sni.is_some() && !words.check_sni && !ruled;
    let lack = lines
        .iter()
        .copied()
        .filter(|server| lacks(&server.words.transport));
    let first = lack.clone().next()?;
    let sni = first.words.transport.sni.as_deref().unwrap_or_default();
    let fixed = sni
        .strip_prefix("str(")
        .and_then(|name| name.strip_suffix(')'));
    let (name, names) = (fixed.unwrap_or("NAME"), names(lack)?);
    let fix = Fix::paste(
        format!("on the line of {names}"),
        format!("check-sni {name}"),
    );
    Some(SNI.warning(format!("`sni` without `check-sni`: {names}"), fix))
}

fn alpn(checks: &Checks, lines: &[&Server]) -> Option<Point> {
    let ruled = checks.connects.iter().any(|connect| connect.alpn);
    let lacks = |words: &Transport| words.offers_h2() && !words.check_alpn && !ruled;
    let lack = lines
        .iter()
        .copied()
        .filter(|server| lacks(&server.words.transport));
    let names = names(lack).filter(|_| checks.is("httpchk"))?;
    let fix = Fix::paste(format!("on the line of {names}"), "check-alpn http/1.1");
    Some(ALPN.warning(format!("`alpn` with h2 without `check-alpn`: {names}"), fix))
}
