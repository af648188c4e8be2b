//! The shape of agent.toml. Serde checks unknown keys, types and durations, with their places. A
//! value that needs a second check is `Spanned`.

use super::durations::{limit, positive};
use super::gate_to::GateToFile;
use super::keyed::Keyed;
use super::lock::LockFile;
use super::page::file::{PageFile, ReadonlyFile};
use super::port::Port;
use super::restart::RestartFile;
use super::source::SourceFile;
use super::target::file::TargetsFile;
use super::words::{FloorFile, MemoryFile, ProxyFile, ShareFile, VerifyFile};
use crate::restart::OnDrainTimeout;
use serde::{Deserialize, Deserializer, de::Error};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    #[serde(default)]
    pub app: BTreeMap<Spanned<String>, Spanned<Keyed<AppFile>>>,
    #[serde(default)]
    pub haproxy: Vec<Keyed<HaproxyFile>>,
    #[serde(default)]
    pub agent: Keyed<AgentFile>,
    pub lock: Option<Spanned<Keyed<LockFile>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppFile {
    pub port: Option<Spanned<Port>>,
    pub status_port: Option<Spanned<Port>>,
    pub backup_status_port: Option<Spanned<Port>>,
    pub gate_to: Option<Spanned<GateToFile>>,
    pub address: Option<Spanned<IpAddr>>,
    pub health: Option<Spanned<Keyed<HealthFile>>>,
    pub restart: Option<Spanned<Keyed<RestartFile>>>,
    pub upgrade: Option<Spanned<Vec<String>>>,
    pub rollback: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    pub also_restarts: Vec<Spanned<String>>,
    #[serde(default, deserialize_with = "limit")]
    pub sticky: Duration,
    #[serde(default)]
    pub min_available: FloorFile,
    #[serde(default)]
    pub on_drain_timeout: OnDrainTimeout,
    #[serde(default)]
    pub timeouts: Keyed<TimeoutsFile>,
    pub settle: Option<Keyed<SettleFile>>,
    pub keep: Option<Spanned<KeepFile>>,
    pub verify: Option<Spanned<Vec<String>>>,
    pub memory: Option<Spanned<MemoryFile>>,
    pub page: Option<Keyed<PageFile>>,
    pub readonly: Option<Keyed<ReadonlyFile>>,
    #[serde(default)]
    pub target: TargetsFile,
}

/// How long a switch keeps the old target running.
#[derive(Deserialize, Clone, Copy)]
pub(crate) struct KeepFile(#[serde(deserialize_with = "limit")] pub Duration);

#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettleFile {
    #[serde(rename = "for", deserialize_with = "positive")]
    pub lasts: Duration,
    #[serde(default)]
    pub errors: ShareFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HealthFile {
    pub http: Option<String>,
    pub https: Option<String>,
    pub ca: Option<Spanned<PathBuf>>,
    pub verify: Option<VerifyFile>,
    pub proxy: Option<ProxyFile>,
    #[serde(default, deserialize_with = "status")]
    pub status: Option<u16>,
    pub host: Option<String>,
    pub tcp: Option<bool>,
    pub command: Option<Vec<String>>,
    #[serde(default = "one")]
    pub times: u32,
    #[serde(default = "two_seconds", deserialize_with = "positive")]
    pub timeout: Duration,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TimeoutsFile {
    #[serde(deserialize_with = "positive")]
    pub out_of_rotation: Duration,
    #[serde(deserialize_with = "positive")]
    pub drain: Duration,
    #[serde(deserialize_with = "positive")]
    pub restart: Duration,
    #[serde(deserialize_with = "positive")]
    pub upgrade: Duration,
    #[serde(deserialize_with = "positive")]
    pub healthy: Duration,
    #[serde(deserialize_with = "positive")]
    pub in_rotation: Duration,
    #[serde(deserialize_with = "positive")]
    pub turn: Duration,
}

impl Default for TimeoutsFile {
    fn default() -> TimeoutsFile {
        TimeoutsFile {
            out_of_rotation: Duration::from_secs(30),
            drain: Duration::from_secs(60),
            restart: Duration::from_secs(60),
            upgrade: Duration::from_secs(600),
            healthy: Duration::from_secs(60),
            in_rotation: Duration::from_secs(60),
            turn: Duration::from_secs(60),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HaproxyFile {
    pub socket: Spanned<String>,
    pub master: Option<Spanned<String>>,
    pub source: Option<SourceFile>,
    #[serde(default = "two_seconds", deserialize_with = "positive")]
    pub timeout: Duration,
    pub app: Option<Spanned<String>>,
    pub backend: Option<Spanned<String>>,
    pub main: Option<Spanned<String>>,
    pub backup: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AgentFile {
    pub state_dir: Option<Spanned<PathBuf>>,
    pub hold_dir: Option<Spanned<PathBuf>>,
    pub history_dir: Option<Spanned<PathBuf>>,
    pub addresses: Vec<IpAddr>,
    #[serde(deserialize_with = "poll")]
    pub poll: Duration,
    pub ipv6: Option<Spanned<bool>>,
    pub iptables: Option<IptablesFile>,
    pub metrics: Option<Spanned<String>>,
    pub on_stop: Option<Spanned<String>>,
    pub windows: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(crate) enum IptablesFile {
    Nft,
    Legacy,
}

impl Default for AgentFile {
    fn default() -> AgentFile {
        AgentFile {
            state_dir: None,
            hold_dir: None,
            history_dir: None,
            addresses: Vec::new(),
            poll: Duration::from_millis(30),
            ipv6: None,
            iptables: None,
            metrics: None,
            on_stop: None,
            windows: None,
        }
    }
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let written = toml::Value::deserialize(deserializer)?;
    let status = written
        .as_integer()
        .and_then(|number| u16::try_from(number).ok());
    let what = "expected one status, as 200 without quotes; without the key 200 to 399 are right";
    status.map(Some).ok_or_else(|| D::Error::custom(what))
}

fn one<T: From<u8>>() -> T {
    T::from(1)
}

/// Much faster than HAProxy's own checks, and slow enough to cost almost nothing.
fn poll<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let duration: Duration = humantime_serde::deserialize(deserializer)?;
    let range = Duration::from_millis(5)..=Duration::from_secs(10);
    match range.contains(&duration) {
        true => Ok(duration),
        false => Err(D::Error::custom("it must be between 5ms and 10s")),
    }
}

fn two_seconds() -> Duration {
    Duration::from_secs(2)
}
