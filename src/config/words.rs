//! Values of the file that have several spellings.

use crate::app::Proxy;
use crate::haproxy::Floor;
use serde::{Deserialize, Deserializer, de::Error};

/// `false`, or `"none"` as in HAProxy's configuration.
#[derive(Clone, Copy)]
pub(super) struct VerifyFile(pub(super) bool);

impl<'de> Deserialize<'de> for VerifyFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<VerifyFile, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::Boolean(verify) => Ok(VerifyFile(verify)),
            toml::Value::String(word) if word == "none" => Ok(VerifyFile(false)),
            other => Err(D::Error::custom(format!(
                "expected true or false, not {other}: false accepts any certificate"
            ))),
        }
    }
}

/// `true` is version 1, as HAProxy's `send-proxy`.
#[derive(Clone, Copy)]
pub(super) struct ProxyFile(pub(super) Option<Proxy>);

impl<'de> Deserialize<'de> for ProxyFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ProxyFile, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::Boolean(proxy) => Ok(ProxyFile(proxy.then_some(Proxy::V1))),
            toml::Value::String(word) if word == "v1" => Ok(ProxyFile(Some(Proxy::V1))),
            toml::Value::String(word) if word == "v2" => Ok(ProxyFile(Some(Proxy::V2))),
            other => Err(D::Error::custom(format!(
                "expected true, \"v1\" or \"v2\", not {other}"
            ))),
        }
    }
}

/// A number of servers, or a share of the backend's hosts: `"50%"`.
#[derive(Clone, Copy)]
pub(crate) struct FloorFile(pub(super) Floor);

impl Default for FloorFile {
    fn default() -> FloorFile {
        FloorFile(Floor::Servers(1))
    }
}

impl<'de> Deserialize<'de> for FloorFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FloorFile, D::Error> {
        let written = toml::Value::deserialize(deserializer)?;
        let floor = match &written {
            toml::Value::Integer(number) => usize::try_from(*number)
                .map(Floor::Servers)
                .map_err(|_| FLOOR.to_owned()),
            toml::Value::String(text) => share(text),
            _ => Err(FLOOR.to_owned()),
        };
        floor.map(FloorFile).map_err(D::Error::custom)
    }
}

const FLOOR: &str = "expected a number of servers, or a share of the backend's hosts as \"50%\"";

fn share(text: &str) -> Result<Floor, String> {
    if text.parse::<u32>().is_ok() {
        return Err(format!(
            "{FLOOR}: a share ends with %, and a number has no quotes"
        ));
    }
    let percent = text.strip_suffix('%').map(str::parse::<u64>);
    match percent.map(|percent| percent.map(u8::try_from)) {
        Some(Ok(Ok(0))) => Err("expected 0 without %: that counts no server".to_owned()),
        Some(Ok(Ok(percent @ 1..=99))) => Ok(Floor::Percent(percent)),
        Some(Ok(_)) => {
            Err("expected a share from \"1%\" to \"99%\": no host could ever go out".to_owned())
        }
        _ => Err(FLOOR.to_owned()),
    }
}
