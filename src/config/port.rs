//! A TCP port in the configuration: 1 to 65535, with an error that says so.

use serde::{Deserialize, Deserializer, de::Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Port(pub u16);

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Port, D::Error> {
        let number = i64::deserialize(deserializer)?;
        match u16::try_from(number) {
            Ok(port) if port > 0 => Ok(Port(port)),
            _ => Err(D::Error::custom("expected a port, 1 to 65535")),
        }
    }
}
