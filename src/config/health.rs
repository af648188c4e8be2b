//! The one way in which an app is asked for its health.

use super::file::HealthFile;
use super::keyed::Keyed;
use super::mistake::Mistake;
use super::words::VerifyFile;
use crate::app::{self, Health, HealthCheck, Verify};
use std::path::PathBuf;
use toml::Spanned;

pub(crate) fn check_health(health: Option<Spanned<Keyed<HealthFile>>>) -> Result<Health, Mistake> {
    let Some(health) = health else {
        return Ok(Health::default());
    };
    let span = health.span();
    let wrong = |Wrong(key, what): Wrong| {
        let mistake = Mistake::new(span.clone(), what);
        match key {
            Some(key) => mistake.of(key),
            None => mistake,
        }
    };
    let health = health.into_inner().0;
    let (times, timeout) = (health.times, health.timeout);
    if times == 0 {
        return Err(wrong(Wrong::at("times", "it must be at least 1")));
    }
    let check = check_of(health).map_err(&wrong)?;
    let health = Health {
        check,
        times,
        timeout,
    };
    // Whether a command or a CA file exists is checked later.
    health.sendable().map_err(|what| wrong(what.into()))?;
    Ok(health)
}

/// What is wrong, and with which key of the table.
struct Wrong(Option<&'static str>, String);

impl Wrong {
    fn at(key: &'static str, what: impl Into<String>) -> Wrong {
        Wrong(Some(key), what.into())
    }
}

impl<T: Into<String>> From<T> for Wrong {
    fn from(what: T) -> Wrong {
        Wrong(None, what.into())
    }
}

fn check_of(health: HealthFile) -> Result<HealthCheck, Wrong> {
    together(&health)?;
    match (&health.http, &health.https, health.tcp, &health.command) {
        (Some(_), None, None, None) | (None, Some(_), None, None) => request(health),
        (None, None, Some(true) | None, None) => Ok(HealthCheck::Tcp),
        (None, None, None, Some(command)) if command.is_empty() => {
            Err(Wrong::at("command", "the command is empty"))
        }
        (None, None, None, Some(command)) => Ok(HealthCheck::Command(command.clone())),
        _ => Err(
            "set one of `http = \"/PATH\"`, `https = \"/PATH\"`, `tcp = true`, \
            `command = [...]`"
                .into(),
        ),
    }
}

/// Keys that have no meaning without another key.
fn together(health: &HealthFile) -> Result<(), Wrong> {
    let by_http = health.http.is_some() || health.https.is_some();
    let (asked, proxied) = (
        health.status.is_some() || health.host.is_some(),
        health.proxy.is_some(),
    );
    let verified = health.ca.is_some() || health.verify.is_some();
    match () {
        () if !by_http && asked => {
            Err("`status` and `host` work only with `http` or `https`".into())
        }
        () if !by_http && proxied => Err("`proxy` works only with `http` or `https`".into()),
        () if health.https.is_none() && verified => {
            Err("`ca` and `verify` work only with `https`".into())
        }
        () => Ok(()),
    }
}

fn request(health: HealthFile) -> Result<HealthCheck, Wrong> {
    let key = if health.https.is_some() {
        "https"
    } else {
        "http"
    };
    let tls = match health.https {
        Some(_) => Some(verification(health.ca, health.verify)?),
        None => None,
    };
    let (path, host) = (
        health.http.or(health.https).unwrap_or_default(),
        health.host,
    );
    all_sendable(key, &path, host.as_deref())?;
    if let Some(Verify::System | Verify::File(_)) = &tls {
        named(host.as_deref())?;
    }
    let proxy = health.proxy.and_then(|proxy| proxy.0);
    Ok(HealthCheck::Http {
        path,
        status: health.status,
        host,
        tls,
        proxy,
    })
}

/// The app is asked at an address, and certificates rarely have one.
fn named(host: Option<&str>) -> Result<(), Wrong> {
    match host {
        Some(host) if app::is_name(host) => Ok(()),
        Some(_) => Err(Wrong::at(
            "host",
            "this is not a name that a certificate can have",
        )),
        None => Err(
            "`https` needs `host = \"NAME\"`, a name in the app's certificate; or `verify \
             = false`, which accepts any certificate"
                .into(),
        ),
    }
}

fn verification(ca: Option<Spanned<PathBuf>>, verify: Option<VerifyFile>) -> Result<Verify, Wrong> {
    match (ca.map(Spanned::into_inner), verify) {
        (Some(_), Some(VerifyFile(false))) => {
            Err("`verify = false` makes `ca` useless: remove one of them".into())
        }
        (None, Some(VerifyFile(false))) => Ok(Verify::Nothing),
        (Some(path), _) if path.is_absolute() => Ok(Verify::File(path)),
        (Some(_), _) => Err(Wrong::at("ca", "expected an absolute path")),
        (None, _) => Ok(Verify::System),
    }
}

fn all_sendable(key: &'static str, path: &str, host: Option<&str>) -> Result<(), Wrong> {
    if !path.starts_with('/') || !sendable(path) {
        let what = "expected a path: it begins with / and has no space in it";
        return Err(Wrong::at(key, what));
    }
    match host.is_some_and(|host| host.is_empty() || !sendable(host)) {
        true => Err(Wrong::at(
            "host",
            "expected a host name, with a port or without",
        )),
        false => Ok(()),
    }
}

/// The text may be in a request's first line or headers.
fn sendable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}
