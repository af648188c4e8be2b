//! Values of the file that have several spellings.

use crate::app::Proxy;
use crate::haproxy::Floor;
use crate::restart::settle::Share;
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

/// An amount of memory: bytes, or a text with a unit as systemd has it, `"1200M"`.
#[derive(Clone, Copy)]
pub(crate) struct MemoryFile(pub(super) u64);

const MEMORY: &str = "expected an amount of memory: \"1200M\", \"2G\" or a number of bytes";

impl<'de> Deserialize<'de> for MemoryFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MemoryFile, D::Error> {
        let bytes = match toml::Value::deserialize(deserializer)? {
            toml::Value::Integer(bytes) => u64::try_from(bytes).ok(),
            toml::Value::String(text) => bytes(&text),
            _ => None,
        };
        let bytes = bytes.ok_or_else(|| D::Error::custom(MEMORY))?;
        match bytes {
            0 => Err(D::Error::custom("it must be more than 0")),
            bytes => Ok(MemoryFile(bytes)),
        }
    }
}

/// The units are powers of 1024, as systemd has them.
fn bytes(text: &str) -> Option<u64> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let power = match &text[number.len()..] {
        "" => 0,
        "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        _ => return None,
    };
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| digits)?;
    number.checked_mul(1024_u64.pow(power))
}

/// A share of requests: `"1%"`.
#[derive(Clone, Copy)]
pub(crate) struct ShareFile(pub(super) Share);

impl Default for ShareFile {
    fn default() -> ShareFile {
        ShareFile(Share::ONE_PERCENT)
    }
}

const SHARE: &str = "expected a share of the requests as \"1%\" or \"0.5%\"";

impl<'de> Deserialize<'de> for ShareFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ShareFile, D::Error> {
        let written = toml::Value::deserialize(deserializer)?;
        let percent = written.as_str().and_then(|text| text.strip_suffix('%'));
        let hundredths = percent.and_then(hundredths);
        let hundredths = hundredths.ok_or_else(|| D::Error::custom(SHARE))?;
        match Share::hundredths(hundredths).filter(|_| hundredths < 10_000) {
            Some(share) => Ok(ShareFile(share)),
            None => Err(D::Error::custom(
                "expected less than \"100%\": the app could never be sick",
            )),
        }
    }
}

/// A number with two decimals at most.
fn hundredths(percent: &str) -> Option<u16> {
    let (whole, part) = percent.split_once('.').unwrap_or((percent, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 {
        return None;
    }
    let part: u16 = format!("{part:0<2}").parse().ok()?;
    whole
        .parse::<u16>()
        .ok()?
        .checked_mul(100)?
        .checked_add(part)
}
