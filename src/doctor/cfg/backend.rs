//! What the backend as a whole does to a restart.

use super::about::{About, names};
use super::ours::Ours;
use super::time::seconds;
use crate::doctor::Point;

const PERSIST: About = About {
    check: "cfg-persist",
    why: "users with a cookie are sent to their host although its line is DOWN",
};
const FORCED: About = About {
    check: "cfg-force-persist",
    why: "users that the rule matches are sent to their host although its line is DOWN",
};
const REDISPATCH: About = About {
    check: "cfg-redispatch",
    why: "without it a request for an app that has just stopped fails, and goes to no other host",
};
const RETRIES: About = About {
    check: "cfg-retries",
    why: "a connect that is refused as the app stops is tried again only as often as that",
};
const ALLBACKUPS: About = About {
    check: "cfg-allbackups",
    why: "should every main line be DOWN, the first twin alone gets all users",
};
const COOKIE: About = About {
    check: "cfg-cookie",
    why: "without the backend's cookie nobody is sticky, and a twin has nobody to serve",
};
const TIMEOUT: About = About {
    check: "cfg-timeout-check",
    why: "without it an answer must come within `inter`: an app that is busy is taken for sick",
};
const KIND: About = About {
    check: "cfg-check-kind",
    why: "a TCP connect tells no sick app; between restarts HAProxy's check is all there is",
};

/// HAProxy's own, where nobody says.
const DEFAULT_RETRIES: i64 = 3;

pub fn points(ours: &Ours<'_>) -> Vec<Point> {
    vec![
        persist(ours),
        forced(ours),
        redispatch(ours),
        retries(ours),
        allbackups(ours),
        cookie(ours),
        timeout(ours),
        kind(ours),
    ]
}

/// A line to paste, and where.
fn line(ours: &Ours<'_>, line: &str) -> String {
    format!("in {} {}: {line}", ours.proxy.kind, ours.proxy.name)
}

fn persist(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    match ours.proxy.settings.option("persist") {
        None => PERSIST.ok(of, "no option persist"),
        Some(_) => PERSIST.error(of, "option persist is on", line(ours, "no option persist")),
    }
}

fn forced(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    match ours.proxy.forced {
        false => FORCED.ok(of, "no force-persist"),
        true => {
            let mend = line(ours, "take the force-persist rules away");
            FORCED.warning(of, "it has force-persist rules", mend)
        }
    }
}

/// Every Nth retry for N, the Nth before the last for -N. One more than there are retries, and
/// negative, ends HAProxy 2.6 itself at the first retry: it divides by zero.
fn redispatch(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    let mend = line(ours, "option redispatch");
    let Some(words) = ours.proxy.settings.option("redispatch") else {
        return REDISPATCH.error(of, "no option redispatch", mend);
    };
    let interval = words.first().map_or(Ok(-1), |word| word.parse::<i64>());
    let retries = ours.proxy.settings.retries.unwrap_or(DEFAULT_RETRIES);
    let Ok(interval) = interval else {
        return REDISPATCH.error(of, "option redispatch has no number behind it", mend);
    };
    let found = format!("option redispatch {interval}, with {retries} retries");
    match interval.unsigned_abs() {
        0 => REDISPATCH.error(of, format!("{found}: 0 switches it off"), mend),
        every if retries > 0 && every > retries.unsigned_abs() => {
            REDISPATCH.error(of, format!("{found}: there are not that many"), mend)
        }
        _ => REDISPATCH.ok(of, found),
    }
}

fn retries(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    match ours.proxy.settings.retries {
        None => RETRIES.ok(of, format!("retries {DEFAULT_RETRIES}, as by itself")),
        Some(some) if some > 0 => RETRIES.ok(of, format!("retries {some}")),
        Some(none) => RETRIES.warning(of, format!("retries {none}"), line(ours, "retries 3")),
    }
}

fn allbackups(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    match ours.proxy.settings.option("allbackups") {
        Some(_) => ALLBACKUPS.ok(of, "option allbackups"),
        None => ALLBACKUPS.warning(of, "no option allbackups", line(ours, "option allbackups")),
    }
}

fn cookie(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    let (with, without): (Vec<_>, Vec<_>) =
        ours.all().partition(|server| server.words.cookie.is_some());
    let Some(words) = &ours.proxy.settings.cookie else {
        return match with.is_empty() {
            true => COOKIE.ok(of, "no cookies: nobody is sticky"),
            false => {
                let found = format!("no cookie, though {} have a value for it", names(with));
                let mend = line(ours, "cookie SRV insert indirect nocache httponly");
                COOKIE.warning(of, found, mend)
            }
        };
    };
    let name = words.first().map_or("", String::as_str);
    // HAProxy then makes the values of address and port, the same for main and twin.
    let dynamic = words.iter().any(|word| word == "dynamic");
    match without.is_empty() || dynamic {
        true => COOKIE.ok(of, format!("cookie {name}")),
        false => {
            let found = format!("cookie {name}, and {} have no value for it", names(without));
            COOKIE.warning(
                of,
                found,
                "on each such line, the same for both of a host: cookie NAME",
            )
        }
    }
}

fn timeout(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    match ours.proxy.settings.timeouts.get("check") {
        Some(time) => TIMEOUT.ok(of, format!("timeout check {}", seconds(*time))),
        None => TIMEOUT.warning(of, "no timeout check", line(ours, "timeout check 2s")),
    }
}

/// Whether the app has a health check by HTTP is not known here: so it is only told.
fn kind(ours: &Ours<'_>) -> Point {
    let found = match &ours.proxy.settings.check {
        Some(check) => format!("checks by option {check}"),
        None => "checks by a TCP connect".to_owned(),
    };
    KIND.ok(&ours.proxy.name, found)
}
