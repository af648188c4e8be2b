//! `[lock]`: the lock that a group of hosts shares.

use super::durations::positive;
use super::keyed::Keyed;
use super::mistake::Mistake;
use crate::lock::{Endpoint, Engine, LockSettings, TlsFiles};
use crate::restart::WhenAway;
use serde::{Deserialize, Deserializer, de::Error};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockFile {
    pub etcd: Option<Vec<Spanned<String>>>,
    pub fleetlock: Option<Spanned<String>>,
    pub group: Option<Spanned<String>>,
    pub slots: Option<Spanned<usize>>,
    #[serde(default, deserialize_with = "ttl")]
    pub ttl: Option<Duration>,
    pub when_away: Option<Spanned<String>>,
    pub host: Option<Spanned<String>>,
    pub ca: Option<Spanned<PathBuf>>,
    pub cert: Option<Spanned<PathBuf>>,
    pub key: Option<Spanned<PathBuf>>,
}

/// etcd grants no shorter lease.
fn ttl<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let ttl = positive(deserializer)?;
    match (2..=3600).contains(&ttl.as_secs()) && ttl.subsec_nanos() == 0 {
        true => Ok(Some(ttl)),
        false => Err(D::Error::custom("it must be whole seconds, from 2s to 1h")),
    }
}

pub(super) fn check_lock(lock: Spanned<Keyed<LockFile>>) -> Result<LockSettings, Mistake> {
    let span = lock.span();
    let lock = lock.into_inner().0;
    let engine = engine(&span, &lock)?;
    if matches!(engine, Engine::Fleetlock(_)) && lock.ttl.is_some() {
        let what = "a FleetLock server knows no `ttl`: remove it";
        return Err(Mistake::new(span, what));
    }
    let slots = match &lock.slots {
        Some(zero) if *zero.get_ref() == 0 => {
            return Err(Mistake::new(zero.span(), "it must be at least 1"));
        }
        slots => slots.as_ref().map_or(1, |slots| *slots.get_ref()),
    };
    let file = [&lock.ca, &lock.cert, &lock.key].into_iter().flatten();
    let file = file.map(Spanned::span).next();
    let settings = LockSettings {
        engine,
        slots,
        group: name(lock.group.as_ref())?.unwrap_or_else(|| "default".to_owned()),
        ttl: lock.ttl.unwrap_or(Duration::from_mins(1)),
        when_away: lock.when_away.map_or(Ok(WhenAway::Refuse), when_away)?,
        host: name(lock.host.as_ref())?,
        tls: files(&span, lock.ca, lock.cert, lock.key)?,
    };
    match file {
        Some(file) if !settings.has_tls() => {
            let what = "`ca`, `cert` and `key` are for https://, and each server here is http://: \
                        write https://HOST:PORT, or remove them";
            Err(Mistake::new(file, what))
        }
        _ => Ok(settings),
    }
}

fn engine(span: &Range<usize>, lock: &LockFile) -> Result<Engine, Mistake> {
    match (&lock.etcd, &lock.fleetlock) {
        (Some(members), None) if members.is_empty() => {
            Err(Mistake::new(span.clone(), "`etcd` names no member").of("etcd"))
        }
        (Some(members), None) => {
            let members = members.iter().map(endpoint);
            Ok(Engine::Etcd(members.collect::<Result<_, _>>()?))
        }
        (None, Some(server)) => endpoint(server).map(Engine::Fleetlock),
        (Some(_), Some(_)) => {
            let what =
                "`etcd` and `fleetlock` are both set: a group has one lock, so remove one of them";
            Err(Mistake::new(span.clone(), what))
        }
        (None, None) => {
            let what = "set one of `etcd = [\"http://HOST:2379\"]` and `fleetlock = \
                        \"https://HOST/\"`";
            Err(Mistake::new(span.clone(), what))
        }
    }
}

fn endpoint(text: &Spanned<String>) -> Result<Endpoint, Mistake> {
    let read = text.get_ref().parse();
    read.map_err(|what: &str| Mistake::new(text.span(), what))
}

/// What FleetLock allows, too.
fn name(text: Option<&Spanned<String>>) -> Result<Option<String>, Mistake> {
    let Some(text) = text else { return Ok(None) };
    let name = text.get_ref();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    match !name.is_empty() && name.chars().all(is_plain) {
        true => Ok(Some(name.clone())),
        false => {
            let what = "expected a name of letters, digits, `.` and `-`";
            Err(Mistake::new(text.span(), what))
        }
    }
}

fn when_away(word: Spanned<String>) -> Result<WhenAway, Mistake> {
    match word.get_ref().as_str() {
        "refuse" => Ok(WhenAway::Refuse),
        "claims" => Ok(WhenAway::Claims),
        _ => {
            let what = "expected \"refuse\" (no restart without the lock) or \"claims\" (the hosts \
                        only count each other meanwhile)";
            Err(Mistake::new(word.span(), what))
        }
    }
}

fn files(
    span: &Range<usize>,
    ca: Option<Spanned<PathBuf>>,
    cert: Option<Spanned<PathBuf>>,
    key: Option<Spanned<PathBuf>>,
) -> Result<TlsFiles, Mistake> {
    let given = [&ca, &cert, &key].into_iter().flatten();
    for path in given {
        if !path.get_ref().is_absolute() {
            return Err(Mistake::new(path.span(), "expected an absolute path"));
        }
    }
    let plain = Spanned::into_inner;
    let own = match (cert, key) {
        (Some(cert), Some(key)) => Some((plain(cert), plain(key))),
        (None, None) => None,
        _ => {
            let what = "`cert` and `key` belong together: set both, or none";
            return Err(Mistake::new(span.clone(), what));
        }
    };
    Ok(TlsFiles {
        ca: ca.map(plain),
        own,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const APP: &str = "[app.web]\nport = 1000\nstatus_port = 2000\nrestart = { command = [\"true\"] \
        }\n[[haproxy]]\nsocket = \"/a\"\n";

    fn read(lock: &str) -> Result<LockSettings, String> {
        let settings =
            crate::config::read(Path::new("/agent.toml"), &format!("{APP}[lock]\n{lock}"));
        let settings = settings.map_err(|error| error.to_string())?;
        Ok(settings.lock.unwrap())
    }

    #[test]
    fn the_defaults_are_one_slot_and_a_minute() {
        let lock = read("etcd = [\"http://10.0.0.5:2379\", \"https://etcd2:2379\"]").unwrap();
        assert_eq!((lock.slots, lock.ttl), (1, Duration::from_secs(60)));
        assert_eq!(
            (lock.group.as_str(), lock.when_away),
            ("default", WhenAway::Refuse)
        );
        assert_eq!(lock.endpoints().len(), 2);
        let all = "fleetlock = \"https://lock.example/\"\ngroup = \"web\"\nwhen_away = \"claims\"\n\
            host = \"web1\"\nca = \"/c\"\ncert = \"/d\"\nkey = \"/e\"";
        let lock = read(all).unwrap();
        assert_eq!(
            (lock.when_away, lock.id("web").as_str()),
            (WhenAway::Claims, "web1/web")
        );
    }

    /// Most commands do without the lock, and so does the sidecar.
    #[test]
    fn a_file_that_lacks_disables_nothing_but_the_lock() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent.toml");
        let lock = "[lock]\netcd = [\"https://a:1\"]\nca = \"/nonexistent/ca.pem\"\n";
        std::fs::write(&path, format!("{APP}{lock}")).unwrap();
        let lock = crate::config::load(&path).unwrap().lock.unwrap();
        let fault = lock.check_files().unwrap_err().to_string();
        assert_eq!(fault, "/nonexistent/ca.pem: no such file or directory");
    }

    #[test]
    fn a_mistake_names_what_is_right() {
        let etcd = "etcd = [\"http://a:1\"]\n";
        for (lock, what) in [
            ("", "set one of `etcd = "),
            ("etcd = []", "`etcd` names no member"),
            (&format!("{etcd}fleetlock = \"http://a\""), "are both set"),
            ("etcd = [\"a:1\"]", "expected http://HOST:PORT"),
            ("fleetlock = \"http://a\"\nttl = \"9s\"", "knows no `ttl`"),
            (&format!("{etcd}slots = 0"), "at least 1"),
            (
                &format!("{etcd}ttl = \"1500ms\""),
                "whole seconds, from 2s to 1h",
            ),
            (&format!("{etcd}group = \"a/b\""), "letters, digits"),
            (&format!("{etcd}when_away = \"go\""), "expected \"refuse\""),
            (&format!("{etcd}cert = \"/a\""), "belong together"),
            (&format!("{etcd}ca = \"a.pem\""), "absolute path"),
            (
                &format!("{etcd}ca = \"/a.pem\""),
                "each server here is http://",
            ),
        ] {
            let wrong = read(lock).unwrap_err();
            assert!(wrong.contains(what), "{lock}: {wrong}");
        }
    }
}
