//! Values of the file that have several spellings.

use crate::app::Proxy;
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
