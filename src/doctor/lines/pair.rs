//! A main line and its twin: the same server for HAProxy's users, in the right order.

use super::Lines;
use crate::doctor::Point;
use crate::doctor::check::Check;
use crate::haproxy::{Own, Role, ServerState};

const ADDRESS: Check = Check {
    name: "same-address",
    why: "the twin stands for the main line while that is DOWN: it must be the same app on the \
          same host",
};
const PORT: Check = Check {
    name: "same-port",
    why: "a line that is checked through our gate and leads elsewhere comes and goes with this \
          app, whatever it serves",
};
const COOKIE: Check = Check {
    name: "same-cookie",
    why: "users with a cookie find the twin by it: with another one they are moved as soon as \
          the main line is DOWN, and lose their session",
};
const ORDER: Check = Check {
    name: "twin-order",
    why: "HAProxy takes the first line with a user's cookie that is not DOWN, backup or not: with \
          the twin first it would serve the sticky users all the time",
};
const BACKUP: Check = Check {
    name: "backup",
    why: "new users go to lines without `backup`: a main line with it gets none, and a twin \
          without it goes on getting them when the main gate is closed",
};

pub(super) fn points(lines: &Lines, backend: &str) -> Vec<Point> {
    let of = format!("{} {backend}", lines.balancer);
    let mut points = astray(lines, backend);
    let (pairs, _) = lines.pairs(backend);
    let pairs = pairs
        .into_iter()
        .filter_map(|(main, twin)| Some((main, twin?)));
    let pairs: Vec<(&Own, &Own)> = pairs.collect();
    if !pairs.is_empty() {
        let compared = pairs
            .iter()
            .flat_map(|(main, twin)| compare(lines, main, twin));
        let wrong: Vec<Point> = compared.collect();
        let fits = |check: &Check| {
            let mut told = wrong.iter().chain(&points);
            !told.any(|point| point.check == check.name)
        };
        let mut well = Vec::new();
        well.extend(fits(&ADDRESS).then(|| ADDRESS.ok(&of, "main and twin have the same address")));
        well.extend(fits(&PORT).then(|| PORT.ok(&of, "main and twin have the same port")));
        well.extend(fits(&ORDER).then(|| ORDER.ok(&of, "the twin comes after its main line")));
        well.extend(fits(&COOKIE).then(|| cookies(lines, &of, &pairs)));
        points.extend(well);
        points.extend(wrong);
    }
    points.extend(marks(lines, backend));
    points
}

/// None that is shown differs.
fn cookies(lines: &Lines, of: &str, pairs: &[(&Own, &Own)]) -> Point {
    let without = pairs.iter().find(|(main, _)| lines.cookie(main).is_none());
    match (lines.sees_cookies(), without) {
        (true, None) => COOKIE.ok(of, "main and twin have the same cookie"),
        (true, Some((main, twin))) => {
            let found = format!("neither {} nor {} has a cookie", main.server, twin.server);
            COOKIE.ok(of, format!("{found}: nobody is sticky by it"))
        }
        (false, _) if lines.by_file => {
            COOKIE.ok(of, "cookies are hidden at level user: the file tells")
        }
        (false, _) => COOKIE.warning(
            of,
            "whether main and twin have the same cookie is hidden at level user",
            format!("agent doctor {} --haproxy-cfg FILE", lines.app),
        ),
    }
}

/// Lines whose check goes through a gate of ours, and their users somewhere else.
fn astray(lines: &Lines, backend: &str) -> Vec<Point> {
    let astray = lines
        .seen
        .astray
        .iter()
        .filter(|server| server.backend == backend);
    let point = |server: &ServerState| {
        let ServerState {
            server: name,
            port,
            check_port,
            ..
        } = server;
        let of = format!("{} {backend}/{name}", lines.balancer);
        let found = format!(
            "leads to port {port}, and checks port {check_port} of app {}",
            lines.app
        );
        let mend = format!(
            "on the line of {name}: port {} in place of {port}",
            lines.ports.port
        );
        PORT.error(&of, found, mend)
    };
    astray.map(point).collect()
}

fn compare(lines: &Lines, main: &Own, twin: &Own) -> Vec<Point> {
    let of = lines.of(twin);
    let mut points = Vec::new();
    let (Some(first), Some(second)) = (lines.state(main), lines.state(twin)) else {
        return points;
    };
    if first.address != second.address {
        let told = |state: &ServerState| {
            state
                .address
                .map_or("a name".to_owned(), |ip| ip.to_string())
        };
        let found = format!(
            "leads to {}, {} to {}",
            told(second),
            main.server,
            told(first)
        );
        points.push(ADDRESS.error(&of, found, lines.twin_line(main, Some(twin))));
    }
    if first.port != second.port {
        let found = format!(
            "leads to port {}, {} to {}",
            second.port, main.server, first.port
        );
        points.push(PORT.error(&of, found, lines.twin_line(main, Some(twin))));
    }
    let servers = lines
        .seen
        .found
        .as_ref()
        .map_or(&[][..], |found| &found.servers);
    let place = |state: &ServerState| servers.iter().position(|server| server == state);
    if place(second) < place(first) {
        let found = format!("comes before its main line {}", main.server);
        let mend = format!(
            "move the line of {} behind that of {}",
            twin.server, main.server
        );
        points.push(ORDER.error(&of, found, mend));
    }
    let cookie = |own| lines.cookie(own);
    if lines.sees_cookies() && cookie(main) != cookie(twin) {
        let told = |own| cookie(own).unwrap_or("none");
        let found = format!(
            "has cookie {}, {} has {}",
            told(twin),
            main.server,
            told(main)
        );
        points.push(COOKIE.error(&of, found, lines.twin_line(main, Some(twin))));
    }
    points
}

fn marks(lines: &Lines, backend: &str) -> Vec<Point> {
    let own: Vec<&Own> = lines.own(backend, |_| true).collect();
    let wrong = own.iter().filter_map(|own| {
        let backup = lines.seen.listed(own)?.stat.backup;
        let of = lines.of(own);
        match (own.role, backup) {
            (Role::Main, true) => Some(BACKUP.error(
                &of,
                "is a main line, and marked `backup`",
                format!("take `backup` away from the line of {}", own.server),
            )),
            (Role::Twin | Role::ClassicTwin, false) => Some(BACKUP.error(
                &of,
                "is a twin, and not marked `backup`",
                format!("add `backup` to the line of {}", own.server),
            )),
            _ => None,
        }
    });
    let wrong: Vec<Point> = wrong.collect();
    match wrong.is_empty() {
        true => {
            let of = format!("{} {backend}", lines.balancer);
            vec![BACKUP.ok(&of, "twins are marked `backup`, main lines are not")]
        }
        false => wrong,
    }
}
