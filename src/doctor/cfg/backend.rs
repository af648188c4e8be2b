//! Checks the settings of a whole backend that matter for a restart.

use super::expected::Expected;
use super::ours::{Ours, names};
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::doctor::lines::judge::first_three;
use crate::haproxy::cfg::time::seconds;

checks! {
    PERSIST "cfg-persist": "users with a cookie are sent to their host although its line is DOWN";
    FORCED "cfg-force-persist":
        "users that the rule matches are sent to their host although its line is DOWN";
    REDISPATCH "cfg-redispatch":
        "without it a request for an app that has just stopped fails, and goes to no other host";
    RETRIES "cfg-retries": "a connect that is refused as the app stops is tried again only as often as that";
    ALLBACKUPS "cfg-allbackups": "should every main line be DOWN, the first twin alone gets all users";
    COOKIE "cfg-cookie": "without the backend's cookie no user is sticky, and a twin has no users";
    TIMEOUT "cfg-timeout-check":
        "without it an answer must come within `inter`: an app that is busy is taken for sick";
    KIND "cfg-check-kind":
        "a TCP connect does not show a sick app: HAProxy then sends users to one that the agent takes for sick";
    REUSE "cfg-http-reuse":
        "where HAProxy keeps no connection open, what its leaving workers carry after a reload can't be \
         counted: a drain then waits for timeouts.drain";
    VARIABLES "cfg-variable":
        "a variable's value is in HAProxy's environment, not in the file: what hangs on it is not known";
}

/// HAProxy's default.
const DEFAULT_RETRIES: i64 = 3;

pub(crate) fn points(ours: &Ours<'_>, expected: &Expected<'_>) -> Vec<Point> {
    vec![
        persist(ours),
        forced(ours),
        redispatch(ours),
        retries(ours),
        allbackups(ours),
        cookie(ours),
        timeout(ours),
        kind(ours, expected),
        reuse(ours, expected),
        variables(ours),
    ]
}

/// The fix: a line to paste, and where.
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
    let (of, fix) = (&ours.proxy.name, "take its force-persist rules away");
    match ours.proxy.forced {
        false => FORCED.ok(of, "no force-persist"),
        true => FORCED.warning(of, "it has force-persist rules", fix),
    }
}

/// `option redispatch N`: every Nth retry, or for -N the Nth before the last. With a -N one more
/// than the retries, HAProxy 2.6 divides by zero at the first retry, and crashes.
fn redispatch(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    let fix = line(ours, "option redispatch");
    let Some(words) = ours.proxy.settings.option("redispatch") else {
        return REDISPATCH.error(of, "no option redispatch", fix);
    };
    let interval = words.first().map_or(Ok(-1), |word| word.parse::<i64>());
    let retries = ours.proxy.settings.retries.unwrap_or(DEFAULT_RETRIES);
    let hidden = ours.proxy.settings.hides("retries");
    if ours.proxy.settings.hides("option redispatch") {
        return REDISPATCH.ok(of, "option redispatch, its number is a variable");
    }
    let Ok(interval) = interval else {
        return REDISPATCH.error(of, "option redispatch has no number behind it", fix);
    };
    let found = format!("option redispatch {interval}, with {retries} retries");
    match interval.unsigned_abs() {
        0 => REDISPATCH.error(of, format!("{found}: 0 switches it off"), fix),
        every if retries > 0 && !hidden && every > retries.unsigned_abs() => {
            REDISPATCH.error(of, format!("{found}: there are not that many"), fix)
        }
        _ => REDISPATCH.ok(of, found),
    }
}

fn retries(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    match ours.proxy.settings.retries {
        None if ours.proxy.settings.hides("retries") => RETRIES.ok(of, "retries is a variable"),
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
            true => COOKIE.ok(of, "no cookies: no user is sticky"),
            false => {
                let found = format!("no cookie, though {} have a value for it", names(with));
                let fix = line(ours, "cookie SRV insert indirect nocache httponly");
                COOKIE.warning(of, found, fix)
            }
        };
    };
    let name = words.first().map_or("", String::as_str);
    // HAProxy then derives the values from address and port, the same for main and twin.
    let dynamic = words.iter().any(|word| word == "dynamic");
    match without.is_empty() || dynamic {
        true => COOKIE.ok(of, format!("cookie {name}")),
        false => {
            let found = format!("cookie {name}, and {} have no value for it", names(without));
            let fix = "on each such line, the same for both of a host: cookie NAME";
            COOKIE.warning(of, found, fix)
        }
    }
}

fn timeout(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    match ours.proxy.settings.timeout_check {
        _ if ours.proxy.settings.hides("timeout check") => {
            TIMEOUT.ok(of, "timeout check is a variable")
        }
        Some(time) => TIMEOUT.ok(of, format!("timeout check {}", seconds(time))),
        None => TIMEOUT.warning(of, "no timeout check", line(ours, "timeout check 2s")),
    }
}

/// The kind of check. Any other kind than these does more than a connect.
fn kind(ours: &Ours<'_>, expected: &Expected<'_>) -> Point {
    let of = &ours.proxy.name;
    let found = match &ours.proxy.settings.check {
        Some(check) => format!("checks by option {check}"),
        None => "checks by a TCP connect".to_owned(),
    };
    match (expected.http, ours.proxy.settings.check.as_deref()) {
        (Some(path), None | Some("tcp-check")) => {
            let found = format!("{found}, though {} has health by HTTP", expected.app);
            let fix = line(ours, &format!("option httpchk GET {path}"));
            KIND.warning(of, found, fix)
        }
        _ => KIND.ok(of, found),
    }
}

/// With `http-reuse never` only the master socket shows what leaving workers carry.
fn reuse(ours: &Ours<'_>, expected: &Expected<'_>) -> Point {
    let of = &ours.proxy.name;
    match ours.proxy.settings.never_reuses && !expected.master {
        true => {
            let found = "http-reuse never, and [[haproxy]] has no `master`";
            let fix = "`master` in [[haproxy]] with HAProxy's master socket (`haproxy -S`), or `http-reuse safe`";
            REUSE.warning(of, found, fix)
        }
        false => REUSE.ok(of, "leaving workers can be counted, or asked"),
    }
}

/// One point for all values that doctor can't see. The other checks assume that they are right.
fn variables(ours: &Ours<'_>) -> Point {
    let of = &ours.proxy.name;
    let own = ours
        .proxy
        .settings
        .unknown
        .iter()
        .map(|&name| name.to_owned());
    let servers = ours.all().flat_map(|server| {
        let unknown = server.words.unknown.iter();
        unknown.map(move |word| format!("{word} of {}", server.name))
    });
    let all: Vec<String> = own.chain(servers).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    match all.is_empty() {
        true => VARIABLES.ok(of, "nothing that is looked at is a variable"),
        false => {
            let found = format!("is not known, it is a variable: {}", first_three(&all));
            let fix = "name a copy of the file with the values in it";
            VARIABLES.warning(of, found, fix)
        }
    }
}
