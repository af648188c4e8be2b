//! What single lines do to a restart.

use super::Expected;
use super::ours::{Ours, names};
use super::rhythm::Rhythm;
use super::server::{ADDRESS, Server};
use super::time::seconds;
use crate::doctor::Point;
use crate::doctor::check::Check;

const CHECK: Check = Check {
    name: "cfg-check",
    why: "a line that is not checked is UP for ever: no gate takes it out of rotation",
};
const PORT: Check = Check {
    name: "cfg-check-port",
    why: "a gate moves only those lines that check its status port, on the host itself",
};
const DOWN: Check = Check {
    name: "cfg-marked-down",
    why: "it kills the requests in flight as soon as the gate is closed",
};
const UP: Check = Check {
    name: "cfg-marked-up",
    why: "it kills the sessions on every twin as soon as one main line is back",
};
const SLOW: Check = Check {
    name: "cfg-slowstart",
    why: "a restart is done when slow start is over, and timeouts.in_rotation has to cover it",
};

pub fn points(ours: &Ours<'_>, spread: u32, expected: &Expected<'_>) -> Vec<Point> {
    vec![
        check(ours),
        port(ours, expected),
        marked_down(ours),
        marked_up(ours),
        slowstart(ours, spread, expected),
    ]
}

fn check(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    let unchecked = |server: &&Server| !server.words.check || server.words.track.is_some();
    let unchecked: Vec<&Server> = ours.all().filter(unchecked).collect();
    match unchecked.is_empty() {
        true => CHECK.ok(of, "each line has its own check"),
        false => {
            let mend = to_be_checked(of, &unchecked);
            CHECK.error(
                of,
                format!("no check of its own: {}", names(unchecked)),
                mend,
            )
        }
    }
}

/// Neither `track` nor `no-check` gives way to a `default-server check`.
fn to_be_checked(of: &str, unchecked: &[&Server]) -> String {
    let with = |is_it: &dyn Fn(&Server) -> bool| {
        let some = unchecked.iter().copied().filter(|server| is_it(server));
        some.collect::<Vec<&Server>>()
    };
    let tracks = |server: &Server| server.words.track.is_some();
    let mut mends = Vec::new();
    for (word, some) in [
        ("track", with(&tracks)),
        (
            "no-check",
            with(&|server| server.words.no_check && !tracks(server)),
        ),
    ] {
        if !some.is_empty() {
            let names = names(some);
            mends.push(format!(
                "write `check` in place of `{word}` on the line of {names}"
            ));
        }
    }
    if !with(&|server| !server.words.no_check && !tracks(server)).is_empty() {
        mends.push(format!("in {of}, above its servers: default-server check"));
    }
    mends.join("; ")
}

/// The first line whose check goes elsewhere than its gate.
fn port(ours: &Ours<'_>, expected: &Expected<'_>) -> Point {
    let of = &ours.proxy.name;
    let status = expected.ports.status_port;
    let own = expected.ports.backup_status_port;
    let told = |server: &Server| match server.words.check_port.or(server.port) {
        Some(port) if server.words.check_port.is_some() => {
            format!("{} checks port {port}", server.name)
        }
        _ => format!("{} has no `port`, and checks the app itself", server.name),
    };
    let mains = || ours.mains.iter().map(|line| line.server);
    let twins = || ours.twins.iter().map(|line| line.server);
    if let Some(elsewhere) = ours.all().find(|server| checks_elsewhere(server)) {
        let found = format!("{} is checked at another address: addr", elsewhere.name);
        return PORT.error(of, found, "take `addr` off its line");
    }
    if let Some(main) = mains().find(|main| !main.hides_checked() && main.checked() != Some(status))
    {
        let mend = format!(
            "on the line of {}, and each other main line: port {status}",
            main.name
        );
        return PORT.error(of, told(main), mend);
    }
    // In the classic layout a twin checks the app's own port.
    let wanted = |server: &Server| own.or(server.port);
    match (
        twins().find(|twin| !twin.hides_checked() && twin.checked() != wanted(twin)),
        own,
    ) {
        (None, _) => PORT.ok(of, "each line checks what its gate opens"),
        (Some(twin), Some(own)) if twin.checked() == twin.port => {
            let found = format!("{}: backup_status_port {own} does nothing", told(twin));
            let mend = format!(
                "on the line of {}, and each other twin: port {own}",
                twin.name
            );
            PORT.warning(of, found, mend)
        }
        (Some(twin), Some(own)) => {
            let mend = format!("on the line of {}: port {own}", twin.name);
            PORT.error(of, told(twin), mend)
        }
        (Some(twin), None) => {
            let checked = twin.checked().unwrap_or_default();
            let mend = format!("in agent.toml: backup_status_port = {checked}");
            PORT.error(of, told(twin), mend)
        }
    }
}

fn checks_elsewhere(server: &Server) -> bool {
    let host = server.words.check_host.as_ref();
    let hidden = server.words.hides(&["addr", ADDRESS]);
    host.is_some_and(|host| !hidden && **host != *server.host)
}

fn marked_down(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    let kills = ours
        .all()
        .filter(|server| server.words.marked_down.is_some());
    let kills: Vec<&Server> = kills.collect();
    match kills.is_empty() {
        true => DOWN.ok(of, "no on-marked-down"),
        false => {
            let found = format!("on-marked-down shutdown-sessions: {}", names(kills));
            DOWN.error(
                of,
                found,
                format!("in {of}: take on-marked-down off its lines"),
            )
        }
    }
}

/// Whichever line of the backend comes back kills the sessions on our twin, too.
fn marked_up(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    let servers = ours.proxy.servers.iter();
    let kills: Vec<&Server> = servers
        .filter(|server| server.words.marked_up.is_some())
        .collect();
    match kills.is_empty() {
        true => UP.ok(of, "no on-marked-up"),
        false => {
            let found = format!("on-marked-up shutdown-backup-sessions: {}", names(kills));
            UP.error(
                of,
                found,
                format!("in {of}: take on-marked-up off its lines"),
            )
        }
    }
}

/// It begins when the line is UP, which takes its time, too.
fn slowstart(ours: &Ours<'_>, spread: u32, expected: &Expected<'_>) -> Point {
    let (of, limit) = (&ours.proxy.name, expected.in_rotation);
    let slow = ours.all().filter_map(|server| {
        let up = Rhythm::of(&server.words, spread).up;
        Some((server.words.slowstart?, up))
    });
    let longest = slow.max_by_key(|(slow, up)| *slow + *up);
    let Some((slow, up)) = longest else {
        return SLOW.ok(of, "no slow start");
    };
    let found = format!(
        "UP within {}, then slow start, {}",
        seconds(up),
        seconds(slow)
    );
    match slow + up >= limit {
        false => SLOW.ok(of, found),
        true => {
            let limit = seconds(limit);
            let found = format!("{found}: timeouts.in_rotation is {limit}, restarts end with 16");
            // Where UP alone takes as long, `cfg-rhythm` tells that.
            let longer = (slow + up).as_secs() * 3 / 2 + 1;
            let mend = format!(
                "in [app.{}] timeouts.in_rotation = \"{longer}s\", or in {of} a shorter slowstart",
                expected.app
            );
            SLOW.error(of, found, mend)
        }
    }
}
