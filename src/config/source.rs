//! `source` in the configuration: the origin of a balancer's connections to the app.

use crate::restart::Source;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::net::IpAddr;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile(pub Source);

const EXPECTED: &str = "a list of addresses, [\"10.0.0.1\"], or \"any\" if HAProxy \
    connects with the addresses of its clients";

impl<'de> Deserialize<'de> for SourceFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SourceFile, D::Error> {
        deserializer.deserialize_any(Reader).map(SourceFile)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Source;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Source, E> {
        match text {
            "any" => Ok(Source::Any),
            _ => Ok(Source::Named(vec![address(text)?])),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Source, A::Error> {
        let mut addresses = Vec::new();
        while let Some(text) = list.next_element::<String>()? {
            addresses.push(address(&text)?);
        }
        match addresses.is_empty() {
            true => Err(A::Error::custom(format!("expected {EXPECTED}"))),
            false => Ok(Source::Named(addresses)),
        }
    }
}

fn address<E: Error>(text: &str) -> Result<IpAddr, E> {
    let parsed = text.parse::<IpAddr>();
    let parsed = parsed
        .map_err(|_| E::custom(format!("{text:?} is not an address; expected {EXPECTED}")))?;
    Ok(parsed.to_canonical())
}
