//! Judges main lines and their twins, from HAProxy or from its file: their checks go to their
//! gates, and users meet the same server on both, in the right order. Pure.

use super::twin::{self, Traits};
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::haproxy::AppPorts;
use std::net::IpAddr;

checks! {
    TWIN "twin":
        "the twin serves users with a cookie while the main line is DOWN, and by it other hosts see in \
         time that this one is about to go";
    ORDER "twin-order":
        "HAProxy takes the first line with a user's cookie that is not DOWN, backup or not: with the twin \
         first it would serve the sticky users all the time";
    BACKUP "backup":
        "new users go to lines without `backup`: a main line with it gets none, and a twin without it \
         goes on getting them when the main gate is closed";
    ADDRESS "same-address":
        "the twin stands for the main line while that is DOWN: it must be the same app on the same host";
    pub(super) PORT "same-port":
        "a line that is checked through our gate and sends its users elsewhere comes and goes with this \
         app, whatever it serves";
    COOKIE "same-cookie":
        "users with a cookie find the twin by it: with another one they are moved as soon as the main \
         line is DOWN, and lose their session";
    CHECKS "checks":
        "a line without a check of its own is UP whatever the gate says: the host can't be taken out";
    CHECKED "check-port": "a gate moves only those lines that check its status port, on the host itself";
    FALL "fall":
        "with `fall 1` one lost packet takes a server out of rotation, and a reload shows every server as \
         fully UP before its first check";
}

/// The value of a line that lacks the setting.
pub(crate) const NONE: &str = "none";

/// One server line. A field is None if it is not shown, or is a variable.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    pub name: String,
    pub is_main: bool,
    /// Its place in the backend.
    pub at: usize,
    pub host: Option<String>,
    pub port: Option<String>,
    pub cookie: Option<String>,
    /// `ADDRESS:PORT` and the cookie, as a server line has them.
    pub written: (String, Option<String>),
    pub backup: bool,
    /// The port that its checks go to.
    pub checked: Option<u16>,
    /// The checks go to another address.
    pub elsewhere: bool,
    /// What the line has instead of a check of its own: `track` or `no-check`.
    pub unchecked: Option<&'static str>,
    pub fall: Option<u64>,
}

/// The lines of one app in one backend.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    /// The name of the backend in points.
    pub of: String,
    pub lines: Vec<Line>,
    pub ports: AppPorts,
    /// The level of the stats socket hides cookies.
    pub hides_cookies: bool,
}

/// `web1, web2, web3 and 4 more`
fn names<'a>(lines: impl IntoIterator<Item = &'a Line>) -> String {
    let names: Vec<&str> = lines.into_iter().map(|line| line.name.as_str()).collect();
    first_three(&names)
}

/// `a, b, c and 4 more`
pub(crate) fn first_three(all: &[&str]) -> String {
    let (first, rest) = all.split_at(all.len().min(3));
    match rest.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

type Pair<'a> = (&'a Line, &'a Line);

/// A check that a setting is the same on main and twin: the check, the setting's name, its value.
type Alike<'a> = (&'a Check, &'a str, fn(&Line) -> Option<&str>);

/// One point for each check, and one for each further error.
pub(crate) fn judge(backend: &Backend) -> Vec<Point> {
    let (mains, twins): (Vec<&Line>, Vec<&Line>) =
        backend.lines.iter().partition(|line| line.is_main);
    let (pairs, left) = twin::pairs(&mains, &twins, |line| Traits {
        host: line.host.as_deref(),
        cookie: line.cookie.as_deref().filter(|cookie| *cookie != NONE),
    });
    let alone = pairs.iter().filter(|(_, twin)| twin.is_none());
    let alone: Vec<&Line> = alone.map(|(main, _)| *main).collect();
    let pairs: Vec<Pair> = pairs
        .iter()
        .filter_map(|(main, twin)| Some((*main, (*twin)?)))
        .collect();
    [
        backend.twins(&alone, &left),
        backend.order(&pairs),
        backend.marks(),
        backend.same((&ADDRESS, "address", |line| line.host.as_deref()), &pairs),
        backend.same((&PORT, "port", |line| line.port.as_deref()), &pairs),
        backend.same((&COOKIE, "cookie", |line| line.cookie.as_deref()), &pairs),
        backend.checks(),
        backend.check_port(),
        backend.fall(),
    ]
    .concat()
}

impl Backend {
    fn twins(&self, alone: &[&Line], left: &[&Line]) -> Vec<Point> {
        let mut wrong = Vec::new();
        if let Some(main) = alone.first() {
            let found = format!("no twin: {}", names(alone.iter().copied()));
            let line = self.twin_line(main, &twin::name(&main.name));
            wrong.push(TWIN.warning(&self.of, found, line));
        }
        if !left.is_empty() {
            let found = format!("no main line: {}", names(left.iter().copied()));
            let fix = "give it the address and cookie of a main line, or take it away";
            wrong.push(TWIN.warning(&self.of, found, fix));
        }
        TWIN.or_ok(wrong, &self.of, "each main line has its twin")
    }

    /// The line of HAProxy's configuration for the twin of a main line.
    fn twin_line(&self, main: &Line, name: &str) -> String {
        let (at, cookie) = &main.written;
        let line = twin::line(name, at, cookie.as_deref(), self.ports.backup_status_port);
        match self.hides_cookies {
            false => line,
            true => format!("with `cookie` as on the line of {}: {line}", main.name),
        }
    }

    fn order(&self, pairs: &[Pair]) -> Vec<Point> {
        let before = pairs.iter().filter(|(main, twin)| twin.at <= main.at);
        let before: Vec<&Line> = before.map(|(_, twin)| *twin).collect();
        let found = format!("before its main line: {}", names(before.iter().copied()));
        let fix = "move the twins below all main lines";
        let wrong = (!before.is_empty()).then(|| ORDER.error(&self.of, found, fix));
        ORDER.or_ok(
            wrong.into_iter().collect(),
            &self.of,
            "twins come after their main lines",
        )
    }

    fn marks(&self) -> Vec<Point> {
        let wrong = |is_main: bool, found: &str, fix: &str| {
            let lines = self.lines.iter();
            let lines = lines.filter(|line| line.is_main == is_main && line.backup == is_main);
            let lines: Vec<&Line> = lines.collect();
            (!lines.is_empty()).then(|| {
                let names = names(lines);
                let fix = format!("{fix} the line of {names}");
                BACKUP.error(&self.of, format!("{found}: {names}"), fix)
            })
        };
        let twins = wrong(false, "a twin, and not marked `backup`", "add `backup` to");
        let mains = wrong(
            true,
            "a main line, and marked `backup`",
            "take `backup` away from",
        );
        let wrong = twins.into_iter().chain(mains).collect();
        BACKUP.or_ok(
            wrong,
            &self.of,
            "twins are marked `backup`, main lines are not",
        )
    }

    /// The first pair that differs, if both values are shown.
    fn same(&self, (check, what, get): Alike<'_>, pairs: &[Pair]) -> Vec<Point> {
        let shown = pairs
            .iter()
            .filter_map(|(main, twin)| Some((*main, *twin, get(main)?, get(twin)?)));
        let differs = shown.clone().filter(|(.., ours, its)| ours != its);
        // A name may resolve to the other's address.
        let is_name = |text: &str| what == "address" && text.parse::<IpAddr>().is_err();
        let is_unsure =
            |(.., ours, its): &(&Line, &Line, &str, &str)| is_name(ours) || is_name(its);
        let point = |(main, twin, ours, its): (&Line, &Line, &str, &str)| {
            let found = format!("{} has {what} {its}, {} has {ours}", twin.name, main.name);
            let fix = self.twin_line(main, &twin.name);
            match is_name(ours) || is_name(its) {
                true => check.warning(&self.of, format!("{found}: are they the same host?"), fix),
                false => check.error(&self.of, found, fix),
            }
        };
        let known = differs.clone().find(|one| !is_unsure(one));
        let wrong = known.or(differs.clone().next()).map(point);
        if wrong.is_none() && what == "cookie" && self.hides_cookies && !pairs.is_empty() {
            let found = "cookies are hidden at level user; the file shows them: --haproxy-cfg FILE";
            return vec![check.unseen(&self.of, found)];
        }
        let well = match shown.clone().any(|(.., ours, _)| ours == NONE) {
            true => format!("main and twin have no {what}"),
            false => format!("main and twin have the same {what}"),
        };
        check.or_ok(wrong.into_iter().collect(), &self.of, well)
    }

    fn checks(&self) -> Vec<Point> {
        let mut fixes = Vec::new();
        let wrong: Vec<&Line> = self
            .lines
            .iter()
            .filter(|line| line.unchecked.is_some())
            .collect();
        for word in ["", "track", "no-check"] {
            let some = wrong.iter().filter(|line| line.unchecked == Some(word));
            let names = names(some.copied());
            match word {
                _ if names.is_empty() => {}
                "" => fixes.push(format!(
                    "on the line of {names}, or in default-server: `check`"
                )),
                word => fixes.push(format!(
                    "on the line of {names}: `check` in place of `{word}`"
                )),
            }
        }
        let found = format!("no check of its own: {}", names(wrong.iter().copied()));
        let wrong = (!wrong.is_empty()).then(|| CHECKS.error(&self.of, found, fixes.join("; ")));
        CHECKS.or_ok(
            wrong.into_iter().collect(),
            &self.of,
            "each line has its own check",
        )
    }

    /// The first line whose check does not go to its gate.
    fn check_port(&self) -> Vec<Point> {
        let (ports, own) = (self.ports, self.ports.backup_status_port);
        let wanted = |line: &Line| {
            if line.is_main {
                Some(ports.status_port)
            } else {
                own
            }
        };
        let is_wrong = |line: &&Line| match (line.checked, wanted(line)) {
            _ if line.elsewhere => true,
            (None, _) => false,
            (checked, Some(wanted)) => checked != Some(wanted),
            // The twin of the classic layout checks the app itself.
            (checked, None) => checked != Some(ports.port) && line.port.is_some(),
        };
        let Some(line) = self.lines.iter().find(is_wrong) else {
            return vec![CHECKED.ok(&self.of, "each line checks what its gate opens")];
        };
        let (of, name, checked) = (&self.of, &line.name, line.checked.unwrap_or_default());
        let found = match checked == ports.port {
            true => format!("{name} checks the app itself"),
            false => format!("{name} checks port {checked}"),
        };
        vec![match wanted(line) {
            _ if line.elsewhere => {
                let found = format!("{name} is checked at another address: addr");
                CHECKED.error(
                    of,
                    found,
                    format!("on the line of {name}: take `addr` away"),
                )
            }
            Some(port) if !line.is_main && checked == ports.port => {
                let found = format!("{found}, not port {port}: its gate does nothing");
                CHECKED.warning(of, found, format!("on the line of {name}: port {port}"))
            }
            Some(port) => CHECKED.error(of, found, format!("on the line of {name}: port {port}")),
            None => CHECKED.error(
                of,
                found,
                format!("in agent.toml: backup_status_port = {checked}"),
            ),
        }]
    }

    fn fall(&self) -> Vec<Point> {
        let non_proven: Vec<&Line> = self
            .lines
            .iter()
            .filter(|line| line.fall == Some(1))
            .collect();
        let names = names(non_proven.iter().copied());
        let fix = format!("`fall 2` on the line of {names}, or in default-server");
        let wrong = (!non_proven.is_empty())
            .then(|| FALL.warning(&self.of, format!("fall 1: {names}"), fix));
        FALL.or_ok(wrong.into_iter().collect(), &self.of, "fall is 2 or more")
    }
}
