//! The one way in which an app is asked for its health.

use super::file::HealthFile;
use super::mistake::Mistake;
use super::words::VerifyFile;
use crate::app::{self, Health, HealthCheck, Verify};
use std::path::PathBuf;
use toml::Spanned;

pub(crate) fn check_health(health: Option<Spanned<HealthFile>>) -> Result<Health, Mistake> {
    let Some(health) = health else {
        return Ok(Health::default());
    };
    let span = health.span();
    let wrong = |what: &str| Mistake::new(span.clone(), what);
    let health = health.into_inner();
    let (times, timeout) = (health.times, health.timeout);
    if times == 0 {
        return Err(wrong("health: `times` must be at least 1"));
    }
    let check = check_of(health).map_err(|what| wrong(&what))?;
    let health = Health {
        check,
        times,
        timeout,
    };
    // Whether a command or a CA file exists is checked later.
    health.sendable().map_err(|what| wrong(&what))?;
    Ok(health)
}

fn check_of(health: HealthFile) -> Result<HealthCheck, String> {
    together(&health)?;
    match (&health.http, &health.https, health.tcp, &health.command) {
        (Some(_), None, None, None) | (None, Some(_), None, None) => request(health),
        (None, None, Some(true) | None, None) => Ok(HealthCheck::Tcp),
        (None, None, None, Some(command)) if command.is_empty() => {
            Err("health: `command` is empty".to_owned())
        }
        (None, None, None, Some(command)) => Ok(HealthCheck::Command(command.clone())),
        _ => Err(
            "health: set one of `http = \"/PATH\"`, `https = \"/PATH\"`, `tcp = true`, \
            `command = [...]`"
                .to_owned(),
        ),
    }
}

/// Keys that have no meaning without another key.
fn together(health: &HealthFile) -> Result<(), String> {
    let by_http = health.http.is_some() || health.https.is_some();
    let (asked, proxied) = (
        health.status.is_some() || health.host.is_some(),
        health.proxy.is_some(),
    );
    let verified = health.ca.is_some() || health.verify.is_some();
    match () {
        () if !by_http && asked => {
            Err("health: `status` and `host` work only with `http` or `https`".to_owned())
        }
        () if !by_http && proxied => {
            Err("health: `proxy` works only with `http` or `https`".to_owned())
        }
        () if health.https.is_none() && verified => {
            Err("health: `ca` and `verify` work only with `https`".to_owned())
        }
        () => Ok(()),
    }
}

fn request(health: HealthFile) -> Result<HealthCheck, String> {
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
    if !path.starts_with('/') || !sendable(&path) {
        return Err(format!(
            "health: `{key}` must be a path that begins with / and has no space in it"
        ));
    }
    if host
        .as_ref()
        .is_some_and(|host| host.is_empty() || !sendable(host))
    {
        return Err("health: `host` must be a host name, with a port or without".to_owned());
    }
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
fn named(host: Option<&str>) -> Result<(), String> {
    match host {
        Some(host) if app::is_name(host) => Ok(()),
        Some(host) => Err(format!(
            "health: `host` {host:?} is not a name that a certificate can have"
        )),
        None => Err(
            "health: `https` needs `host = \"NAME\"`, a name in the app's certificate; or `verify \
             = false`, which accepts any certificate"
                .to_owned(),
        ),
    }
}

fn verification(
    ca: Option<Spanned<PathBuf>>,
    verify: Option<VerifyFile>,
) -> Result<Verify, String> {
    match (ca.map(Spanned::into_inner), verify) {
        (Some(_), Some(VerifyFile(false))) => {
            Err("health: `verify = false` makes `ca` useless: remove one of them".to_owned())
        }
        (None, Some(VerifyFile(false))) => Ok(Verify::Nothing),
        (Some(path), _) if path.is_absolute() => Ok(Verify::File(path)),
        (Some(_), _) => Err("health: `ca` must be an absolute path".to_owned()),
        (None, _) => Ok(Verify::System),
    }
}

/// The text may be in a request's first line or headers.
fn sendable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}
