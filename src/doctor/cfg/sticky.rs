//! Checks what keeps a user on a server without cookies: stick tables, and `mode tcp`.

use super::expected::Expected;
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::doctor::fix::Fix;
use crate::doctor::lines::line::first_three;
use crate::haproxy::cfg::ours::Ours;

checks! {
    STICK "cfg-stick":
        "a stick table keeps users on one line while that is UP. Then HAProxy moves them to another host, and \
         leaves them there: a twin, which is another line, gets none of them";
    MODE "cfg-mode":
        "without `mode http` HAProxy reads no cookie: no user is sticky, and twins have no users";
}

pub(crate) fn points(ours: &Ours<'_>, expected: &Expected<'_>) -> Vec<Point> {
    let points = [stick(ours, expected), mode(ours)];
    points.into_iter().flatten().collect()
}

/// Cookies count before stick tables.
fn stick(ours: &Ours<'_>, expected: &Expected<'_>) -> Option<Point> {
    let settings = &ours.proxy.settings;
    let rules: Vec<&str> = ours.proxy.sticks.iter().map(String::as_str).collect();
    let found = format!("stick {}", first_three(&rules)?);
    let has_cookies = settings.http && settings.cookie.is_some();
    let classic = expected.ports.backup_status_port.is_none();
    let has_twins = ours.lines.iter().any(|line| !line.is_main);
    Some(match has_twins && classic && !has_cookies {
        true => STICK.warning(
            format!("{found}: the twin keeps none of these users while the host drains"),
            "take the twin away, or use a cookie in place of the stick table",
        ),
        false => STICK.ok(format!(
            "{found}: these users move to another host when the main gate closes, and stay there"
        )),
    })
}

fn mode(ours: &Ours<'_>) -> Option<Point> {
    let settings = &ours.proxy.settings;
    let ignored = !settings.http && settings.cookie.is_some();
    let (kind, name) = (ours.proxy.kind, &ours.proxy.name);
    let fix = Fix::paste(format!("in {kind} {name}"), "mode http");
    let fix = fix.and("or take `cookie` away");
    ignored.then(|| MODE.warning("mode tcp, and a `cookie`: HAProxy ignores it", fix))
}
