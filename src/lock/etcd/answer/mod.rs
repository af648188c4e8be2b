//! What etcd's JSON gateway answers. It leaves out false and 0: a lease without `TTL` has expired, and a
//! transaction without `succeeded` has changed nothing.

use crate::lock::http::Answer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A lease, as a grant or a keepalive answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) id: i64,
    /// None: it has expired.
    pub(super) ttl: Option<Duration>,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) value: String,
    /// Its last change.
    pub(super) revision: i64,
    pub(super) lease: i64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Lease {
    #[serde(rename = "ID")]
    id: Number,
    #[serde(rename = "TTL")]
    ttl: Number,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Streamed {
    result: Lease,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Range {
    kvs: Vec<Pair>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pair {
    key: String,
    value: String,
    mod_revision: Number,
    lease: Number,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Transaction {
    succeeded: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Failed {
    error: String,
}

/// A number of 64 bits, which is a string in JSON.
#[derive(Default)]
struct Number(i64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Number(number))
    }
}

/// Err: what etcd says, or that it says nothing that can be read.
fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, String> {
    let Answer { status, body } = answer;
    if *status != 200 {
        let failed: Failed = serde_json::from_str(body).unwrap_or_default();
        let said = match failed.error.as_str() {
            "" => body.lines().next().unwrap_or_default(),
            error => error,
        };
        return Err(format!("status {status}: {}", crate::text::escape(said)));
    }
    serde_json::from_str(body).map_err(|error| format!("no answer of etcd's gateway: {error}"))
}

pub(super) fn granted(answer: &Answer) -> Result<Granted, String> {
    read::<Lease>(answer).map(Lease::granted)
}

pub(super) fn kept_alive(answer: &Answer) -> Result<Granted, String> {
    read::<Streamed>(answer).map(|streamed| streamed.result.granted())
}

/// The seconds that a lease still lasts. None: it has expired.
pub(super) fn time_to_live(answer: &Answer) -> Result<Option<u64>, String> {
    let lease: Lease = read(answer)?;
    Ok(u64::try_from(lease.ttl.0).ok())
}

pub(super) fn keys(answer: &Answer) -> Result<Vec<Key>, String> {
    let range: Range = read(answer)?;
    let pairs = range.kvs.into_iter();
    Ok(pairs.map(Pair::key).collect())
}

/// Whether the transaction has changed something.
pub(super) fn succeeded(answer: &Answer) -> Result<bool, String> {
    read::<Transaction>(answer).map(|transaction| transaction.succeeded)
}

/// A lease that is gone already is as good as revoked.
pub(super) fn revoked(answer: &Answer) -> Result<(), String> {
    match answer.status {
        404 if answer.body.contains("lease not found") => Ok(()),
        _ => read::<serde_json::Value>(answer).map(drop),
    }
}

/// The lease of a put is gone.
pub(super) fn lacks_lease(why: &str) -> bool {
    why.contains("lease not found")
}

impl Lease {
    fn granted(self) -> Granted {
        let ttl = u64::try_from(self.ttl.0).ok().filter(|ttl| *ttl > 0);
        Granted {
            id: self.id.0,
            ttl: ttl.map(Duration::from_secs),
        }
    }
}

impl Pair {
    fn key(self) -> Key {
        Key {
            name: text(&self.key),
            value: text(&self.value),
            revision: self.mod_revision.0,
            lease: self.lease.0,
        }
    }
}

fn text(base64: &str) -> String {
    let bytes = STANDARD.decode(base64).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
