//! The shape of `[app.NAME.target.TARGET]`.

use crate::config::gate_to::GateToFile;
use crate::config::keyed::Keyed;
use crate::config::port::Port;
use crate::config::restart::RestartFile;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use toml::Spanned;

pub(crate) type TargetsFile = BTreeMap<Spanned<String>, Keyed<TargetFile>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetFile {
    pub port: Spanned<Port>,
    pub status_port: Spanned<Port>,
    pub backup_status_port: Option<Spanned<Port>>,
    pub gate_to: Option<Spanned<GateToFile>>,
    pub address: Option<IpAddr>,
    pub restart: Option<Spanned<Keyed<RestartFile>>>,
    pub run: Spanned<Keyed<RunFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunFile {
    pub systemd: Option<String>,
    pub start: Option<Vec<String>>,
    pub stop: Option<Vec<String>>,
}
