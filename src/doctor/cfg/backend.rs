//! Checks the settings of a whole backend that matter for a restart.

use super::expected::Expected;
use super::judged::names_of;
use crate::doctor::Point;
use crate::doctor::check::{Check, checks};
use crate::doctor::fix::Fix;
use crate::doctor::lines::line::first_three;
use crate::haproxy::cfg::ours::Ours;
use crate::haproxy::cfg::words::variables as variables_of;
use std::collections::BTreeMap;

checks! {
    PERSIST "cfg-persist": "HAProxy sends users with a cookie, or of a stick table, to their host although its line is DOWN";
    FORCED "cfg-force-persist":
        "HAProxy sends users that the rule matches to their host although its line is DOWN";
    REDISPATCH "cfg-redispatch":
        "without it a request or a connection for an app that has just stopped fails, and goes to no other host";
    RETRIES "cfg-retries": "HAProxy repeats a connect that is refused as the app stops only as often as that";
    ALLBACKUPS "cfg-allbackups": "if every main line is DOWN, the first twin alone gets all users";
    COOKIE "cfg-cookie": "without the backend's cookie no user is sticky, and a twin has no users";
    TIMEOUT "cfg-timeout-check":
        "without it an answer must come within `inter`: HAProxy takes a busy app for a sick one";
    KIND "cfg-check-kind":
        "HAProxy and the agent must agree about a sick app: a TCP connect shows none, and a check in another \
         protocol takes each app for sick";
    REUSE "cfg-http-reuse":
        "where HAProxy keeps no connection open, the agent can't count what leaving workers carry after a \
         reload: a drain then waits for timeouts.drain";
    VARIABLES "cfg-variable":
        "HAProxy has such a value from its service's environment: the file does not show what depends on it";
}

/// HAProxy's default.
const DEFAULT_RETRIES: i64 = 3;

/// What is wrong. The file does not show that HAProxy runs with it, so no point is ok.
pub(crate) fn points(ours: &Ours<'_>, expected: &Expected<'_>) -> Vec<Point> {
    // Cookies and the reuse of connections are HTTP's.
    let of_http = |point: Option<Point>| point.filter(|_| ours.proxy.settings.http);
    let points = [
        persist(ours),
        forced(ours),
        redispatch(ours),
        retries(ours),
        allbackups(ours),
        of_http(cookie(ours)),
        timeout(ours),
        kind(ours, expected),
        of_http(reuse(ours, expected)),
        variables(ours),
    ];
    points.into_iter().flatten().collect()
}

/// The fix: a line to paste, and where.
fn line(ours: &Ours<'_>, line: &str) -> Fix {
    Fix::paste(format!("in {} {}", ours.proxy.kind, ours.proxy.name), line)
}

fn persist(ours: &Ours<'_>) -> Option<Point> {
    ours.proxy.settings.option("persist")?;
    Some(PERSIST.error("option persist is on", line(ours, "no option persist")))
}

fn forced(ours: &Ours<'_>) -> Option<Point> {
    let point = || {
        FORCED.warning(
            "it has force-persist rules",
            "take its force-persist rules away",
        )
    };
    ours.proxy.forced.then(point)
}

/// `option redispatch N`: every Nth retry, or for -N the Nth before the last. With a -N one more
/// than the retries, HAProxy 2.6 divides by zero at the first retry, and crashes.
fn redispatch(ours: &Ours<'_>) -> Option<Point> {
    let settings = &ours.proxy.settings;
    let error = |found: String| Some(REDISPATCH.error(found, line(ours, "option redispatch")));
    let Some(words) = settings.option("redispatch") else {
        return error("no option redispatch".to_owned());
    };
    if settings.hides("option redispatch") {
        return None;
    }
    let Ok(interval) = words.first().map_or(Ok(-1), |word| word.parse::<i64>()) else {
        return error("option redispatch has no number behind it".to_owned());
    };
    let retries = settings.retries.unwrap_or(DEFAULT_RETRIES);
    let is_known = retries > 0 && !settings.hides("retries");
    let found = format!("option redispatch {interval}, with {retries} retries");
    match interval.unsigned_abs() {
        0 => error(format!("{found}: 0 switches it off")),
        every if is_known && every > retries.unsigned_abs() => {
            error(format!("{found}: there are not that many"))
        }
        _ => None,
    }
}

fn retries(ours: &Ours<'_>) -> Option<Point> {
    let none = ours
        .proxy
        .settings
        .retries
        .filter(|retries| *retries <= 0)?;
    Some(RETRIES.warning(format!("retries {none}"), line(ours, "retries 3")))
}

fn allbackups(ours: &Ours<'_>) -> Option<Point> {
    let has_twins = ours.lines.iter().any(|line| !line.is_main);
    let lacks = has_twins && ours.proxy.settings.option("allbackups").is_none();
    lacks.then(|| ALLBACKUPS.warning("no option allbackups", line(ours, "option allbackups")))
}

fn cookie(ours: &Ours<'_>) -> Option<Point> {
    let with = names_of(ours, |server| server.words.cookie.is_some());
    let without = names_of(ours, |server| server.words.cookie.is_none());
    let Some(words) = &ours.proxy.settings.cookie else {
        let found = format!("no cookie, though {} have a value for it", with?);
        let fix = line(ours, "cookie SRV insert indirect nocache httponly");
        return Some(COOKIE.warning(found, fix));
    };
    let name = words.first().map_or("", String::as_str);
    let found = format!("cookie {name}, and {} have no value for it", without?);
    let fix = Fix::paste(
        "on each such line, the same for both of a host",
        "cookie NAME",
    );
    (!ours.derives_cookies()).then(|| COOKIE.warning(found, fix))
}

fn timeout(ours: &Ours<'_>) -> Option<Point> {
    let settings = &ours.proxy.settings;
    let has = settings.timeout_check.is_some() || settings.hides("timeout check");
    (!has).then(|| TIMEOUT.warning("no timeout check", line(ours, "timeout check 2s")))
}

/// The checks that speak another protocol than HTTP. Any other kind does what the operator wrote.
const PROTOCOLS: [(&str, &str); 7] = [
    ("ldap-check", "LDAP"),
    ("mysql-check", "MySQL"),
    ("pgsql-check", "PostgreSQL"),
    ("redis-check", "Redis"),
    ("smtpchk", "SMTP"),
    ("spop-check", "SPOP"),
    ("ssl-hello-chk", "TLS"),
];

/// The kind of check, beside the agent's own check of the app.
fn kind(ours: &Ours<'_>, expected: &Expected<'_>) -> Option<Point> {
    let check = ours.proxy.settings.check.as_deref();
    let app = expected.app;
    let by = match check {
        None => "a TCP connect",
        Some("tcp-check") => "option tcp-check",
        Some(check) => return protocol(ours, expected, check),
    };
    let found = format!("checks by {by}, though {app} has health by HTTP");
    let fix = line(ours, &format!("option httpchk GET {}", expected.http?));
    Some(KIND.warning(found, fix))
}

/// An app that answers HTTP answers no other protocol on the same port, except TLS below HTTPS.
fn protocol(ours: &Ours<'_>, expected: &Expected<'_>, check: &str) -> Option<Point> {
    let (_, name) = PROTOCOLS.iter().find(|(option, _)| *option == check)?;
    let app = expected.app;
    match expected.http {
        Some(_) if expected.https && check == "ssl-hello-chk" => None,
        Some(path) => Some(KIND.error(
            format!(
                "checks by option {check}, though {app} has health by HTTP: an app that does not answer \
                 {name} goes DOWN on each line"
            ),
            line(ours, &format!("option httpchk GET {path}")),
        )),
        None if expected.connects => Some(KIND.unseen(format!(
            "checks by option {check}: whether {app} answers {name} is unknown, its health is a TCP connect"
        ))),
        None => None,
    }
}

/// With `http-reuse never` only the master socket shows what leaving workers carry.
fn reuse(ours: &Ours<'_>, expected: &Expected<'_>) -> Option<Point> {
    let point = || {
        REUSE.warning(
            "http-reuse never, and [[haproxy]] has no `master`",
            "`master` in [[haproxy]] with HAProxy's master socket (`haproxy -S`), or `http-reuse safe`",
        )
    };
    (ours.proxy.settings.never_reuses && !expected.master).then(point)
}

/// One point for all values that doctor can't see. The other checks assume that they are right.
fn variables(ours: &Ours<'_>) -> Option<Point> {
    let own = ours.proxy.settings.unknown.iter();
    let own = own.map(|(what, value)| ((*what).to_owned(), value));
    let servers = ours.all().flat_map(|server| {
        let unknown = server.words.unknown.iter();
        unknown.map(move |(word, value)| (format!("{word} of {}", server.name), value))
    });
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (what, value) in own.chain(servers) {
        for variable in variables_of(value) {
            places.entry(variable).or_default().push(what.clone());
        }
    }
    let each = places.iter().filter_map(|(variable, places)| {
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        Some(format!("${variable} ({})", first_three(&places)?))
    });
    let each: Vec<String> = each.collect();
    let each: Vec<&str> = each.iter().map(String::as_str).collect();
    let first = places.keys().next()?;
    Some(VARIABLES.warning(
        format!("the file does not set {}", first_three(&each)?),
        format!(
            "with the service's value, in `global` of a copy of the file: setenv {first} VALUE"
        ),
    ))
}
