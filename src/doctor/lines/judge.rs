//! Judges main lines and their twins, from HAProxy or from its file: their checks go to their
//! gates, and users meet the same server on both, in the right order. Pure.

use super::group::{Lines, by_fault};
use super::line::{AGENT, Backend, Line, NONE, names};
use super::twin::{Matched, Pair, matched};
use crate::doctor::Point;
use crate::doctor::check::{Check, about, checks};
use crate::doctor::fix::Fix;
use std::net::IpAddr;

checks! {
    TWIN "twin":
        "the twin serves users with a cookie while the main line is DOWN; with a gate of its own (two-stage, \
         backup_status_port) it also shows other hosts in time that this host is about to go";
    ORDER "twin-order":
        "HAProxy takes the first line with a user's cookie that is not DOWN, backup or not: with the twin \
         first it would serve the sticky users all the time";
    BACKUP "backup":
        "new users go to lines without `backup`: a main line with it gets none, and a twin without it \
         still gets them when the main gate is closed";
    ADDRESS "same-address":
        "the twin replaces the main line while that is DOWN: it must be the same app on the same host";
    PORT "same-port":
        "a line that is checked through our gate and sends its users to another port goes out and in with this \
         app, although it serves another one";
    COOKIE "same-cookie":
        "HAProxy finds the twin of a sticky user by the cookie: with another one the user is moved as soon as the \
         main line is DOWN, and loses the session";
    CHECKS "checks":
        "a line without a check of its own is UP whatever the gate does: the host can't be taken out";
    pub(super) CHECKED "check-port": "a gate moves only those lines that check its status port, on the host itself";
    FALL "fall":
        "with `fall 1` one lost packet takes a server out of rotation, and a reload shows every server as \
         fully UP before its first check";
}

/// One point for each check, and one for each further error. A setting that no line shows has none.
pub(crate) fn judge(backend: &Backend) -> Vec<Point> {
    let matched = matched(&backend.lines);
    let mut points = backend.twins(&matched);
    points.extend(backend.order(&matched.pairs));
    points.extend(backend.marks());
    let pairs = &matched.pairs;
    points.extend(backend.same(&ADDRESS, "address", pairs, |line| line.host.as_deref()));
    points.extend(backend.same(&COOKIE, "cookie", pairs, |line| line.cookie.as_deref()));
    points.extend(backend.port());
    points.extend(backend.checks());
    points.extend(backend.check_port());
    points.extend(backend.fall());
    about(&backend.of, points)
}

impl Backend {
    /// The names of the lines that are so, if there are some.
    pub(super) fn lines_that(&self, are: impl Fn(&Line) -> bool) -> Option<String> {
        names(self.lines.iter().filter(|line| are(line)))
    }

    fn twins(&self, matched: &Matched<'_>) -> Vec<Point> {
        let (alone, single): (Vec<&Line>, Vec<&Line>) = matched
            .mains
            .iter()
            .partition(|main| self.needs_twin(main, matched));
        let alone = names(alone.iter().copied()).map(|names| {
            let main = alone[0];
            let line = self.twin_line(main, &format!("{}-twin", main.name));
            let as_for = || format!("one for each below the main lines, as for {}", main.name);
            let fix = match alone.len() {
                1 => line,
                _ => line.at(as_for()),
            };
            TWIN.warning(format!("no twin: {names}"), fix)
        });
        let left = names(matched.twins.iter().copied()).map(|names| {
            let fix = "give it the address and cookie of a main line, or take it away";
            TWIN.warning(format!("no main line: {names}"), fix)
        });
        let wrong = alone.into_iter().chain(left);
        match names(single) {
            None => TWIN.or_ok(wrong, "each main line has its twin"),
            Some(names) if self.hides_cookies => vec![TWIN.unseen(format!(
                "no twin: {names}; sticky users would need one. Their cookies are hidden at level \
                 user; the file shows them: --haproxy-cfg FILE"
            ))],
            Some(_) => TWIN.or_ok(wrong, "single layout: no line has a cookie or a twin"),
        }
    }

    /// Another line or a cookie shows that this main line is to have a twin.
    fn needs_twin(&self, main: &Line, matched: &Matched<'_>) -> bool {
        let has_twins = !matched.pairs.is_empty() || !matched.twins.is_empty();
        let is_sticky = self.derives_cookies || main.written.1.is_some();
        let is_unknown = self.hides_cookies && self.ports.backup_status_port.is_some();
        has_twins || is_sticky || is_unknown
    }

    /// The line of HAProxy's configuration for the twin of a main line, to paste below all main lines.
    fn twin_line(&self, main: &Line, name: &str) -> Fix {
        let (at, cookie) = &main.written;
        let cookie = cookie.as_ref().map(|cookie| format!(" cookie {cookie}"));
        let port = self
            .ports
            .backup_status_port
            .map(|port| format!(" port {port}"));
        let (cookie, port) = (cookie.unwrap_or_default(), port.unwrap_or_default());
        let line = format!("server {name} {at}{cookie} check{port} backup");
        match self.hides_cookies {
            false => line.into(),
            true => Fix::paste(
                format!("with `cookie` as on the line of {}", main.name),
                line,
            ),
        }
    }

    fn order(&self, pairs: &[Pair<'_>]) -> Vec<Point> {
        let before = pairs.iter().filter(|pair| pair.twin.at <= pair.main.at);
        let wrong = names(before.map(|pair| pair.twin)).map(|names| {
            let fix = "move the twins below all main lines";
            ORDER.error(format!("before its main line: {names}"), fix)
        });
        match pairs {
            [] => Vec::new(),
            _ => ORDER.or_ok(wrong, "twins come after their main lines"),
        }
    }

    fn marks(&self) -> Vec<Point> {
        let twins = self
            .lines_that(|line| !line.is_main && !line.backup)
            .map(|names| {
                let fix = format!("add `backup` to the line of {names}");
                BACKUP.error(format!("a twin, and not marked `backup`: {names}"), fix)
            });
        let mains = self
            .lines_that(|line| line.is_main && line.backup && !self.is_spare(line))
            .map(|names| {
                let fix = format!("take `backup` away from the line of {names}");
                BACKUP.error(format!("a main line, and marked `backup`: {names}"), fix)
            });
        let wrong = twins.into_iter().chain(mains);
        BACKUP.or_ok(wrong, "twins are marked `backup`, main lines are not")
    }

    /// The only line of a host beside others: HAProxy uses it once their lines are DOWN.
    fn is_spare(&self, line: &Line) -> bool {
        let others = || self.lines.iter().filter(|other| other.at != line.at);
        let is_elsewhere = |other: &Line| other.host.is_some() && other.host != line.host;
        let has_mains = others().any(|other| other.is_main && !other.backup);
        line.host.is_some() && has_mains && others().all(is_elsewhere)
    }

    /// The first pair that differs in a setting, if both values are shown.
    fn same(
        &self,
        check: &Check,
        name: &str,
        pairs: &[Pair<'_>],
        value: fn(&Line) -> Option<&str>,
    ) -> Option<Point> {
        let shown = pairs
            .iter()
            .filter_map(|pair| Some((pair, value(pair.main)?, value(pair.twin)?)));
        let shown: Vec<(&Pair<'_>, &str, &str)> = shown.collect();
        // A name may resolve to the other's address.
        let is_name = |text: &str| name == "address" && text.parse::<IpAddr>().is_err();
        let is_known = |(_, main, twin): &&(_, &str, &str)| !is_name(main) && !is_name(twin);
        let differs = || shown.iter().filter(|(_, main, twin)| main != twin);
        let known = differs().find(is_known);
        if let Some((pair, main, twin)) = known.or_else(|| differs().next()) {
            let names = (&pair.twin.name, &pair.main.name);
            let found = format!("{} has {name} {twin}, {} has {main}", names.0, names.1);
            let fix = self.twin_line(pair.main, &pair.twin.name);
            return Some(match known {
                Some(_) => check.error(found, fix),
                None => check.warning(format!("{found}: are they the same host?"), fix),
            });
        }
        if name == "cookie" && self.hides_cookies && !pairs.is_empty() {
            return Some(check.unseen(
                "cookies are hidden at level user; the file shows them: --haproxy-cfg FILE",
            ));
        }
        let none = shown.iter().any(|(_, main, _)| *main == NONE);
        let have = if none { "no" } else { "the same" };
        (!shown.is_empty()).then(|| check.ok(format!("main and twin have {have} {name}")))
    }

    /// The lines that send their users elsewhere.
    fn port(&self) -> Vec<Point> {
        let ours = self.ports.port;
        let elsewhere = |line: &Line| {
            let port = line.port.filter(|port| *port != ours)?;
            Some((port, line.users_port))
        };
        let wrong = by_fault(&self.lines, elsewhere);
        let one = |(port, users_port): &(u16, bool), lines: &Lines<'_>| {
            let (send, own) = match lines.is_alone() {
                true => ("sends its", "its own it uses"),
                false => ("send their", "their own they use"),
            };
            let found = format!("{lines} {send} users to port {port}, the app has port {ours}");
            let (found, fix) = match users_port {
                false => (found, format!("`:{ours}` in place of `:{port}`")),
                true => (
                    format!("{found}: without a port of {own} the port of `bind`"),
                    format!("`{}` as its address", lines.address(ours)),
                ),
            };
            PORT.error(found, format!("{}: {fix}", lines.on()))
        };
        let rest = |lines: &Lines<'_>| {
            PORT.error(
                format!("{lines}: their users do not go to port {ours}, either"),
                format!("{}: `{}` as its address", lines.on(), lines.address(ours)),
            )
        };
        let wrong = wrong.points(one, rest);
        match self.lines.iter().all(|line| line.port.is_some()) {
            true => PORT.or_ok(wrong, "each line sends its users to the app's port"),
            false => wrong,
        }
    }

    fn checks(&self) -> Vec<Point> {
        let fix = |word: &'static str| {
            let names = self.lines_that(|line| line.unchecked == Some(word))?;
            Some(match word {
                "" => format!("on the line of {names}, or in default-server: `check`"),
                AGENT => format!("on the line of {names}: `check` beside `{AGENT}`"),
                word => format!("on the line of {names}: `check` in place of `{word}`"),
            })
        };
        let fixes: Vec<String> = ["", AGENT, "track", "no-check"]
            .into_iter()
            .filter_map(fix)
            .collect();
        let wrong = self.lines_that(|line| line.unchecked.is_some());
        let wrong = wrong
            .map(|names| CHECKS.error(format!("no check of its own: {names}"), fixes.join("; ")));
        CHECKS.or_ok(wrong, "each line has its own check")
    }

    fn fall(&self) -> Vec<Point> {
        let wrong = self.lines_that(|line| line.fall == Some(1)).map(|names| {
            let fix = format!("`fall 2` on the line of {names}, or in default-server");
            FALL.warning(format!("fall 1: {names}"), fix)
        });
        match self.lines.iter().all(|line| line.fall.is_some()) {
            true => FALL.or_ok(wrong, "fall is 2 or more"),
            false => wrong.into_iter().collect(),
        }
    }
}
