//! What systemd knows of a unit's memory: its control group, what it uses, and its limits.

use tokio::time::timeout;
use zbus::proxy::CacheProperties;
use zbus_systemd::systemd1::SliceProxy;

use super::error::UnitError;
use super::unit::{PATIENCE, Unit};

/// systemd's number for "not set" and for "no limit".
const NONE: u64 = u64::MAX;
/// The slice of the whole host.
const ROOT: &str = "-.slice";

/// The memory of a unit.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::app) struct Memory {
    /// The path of its control group; None: it has none now.
    pub(in crate::app) group: Option<String>,
    /// MemoryCurrent, with files in the page cache; None: unknown.
    pub(in crate::app) current: Option<u64>,
}

/// MemoryMax of a unit.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::app) struct Limit {
    pub(in crate::app) unit: String,
    pub(in crate::app) most: u64,
    pub(in crate::app) memory: Memory,
}

impl Memory {
    fn new(group: String, current: u64) -> Memory {
        Memory {
            group: (!group.is_empty()).then_some(group),
            current: (current != NONE).then_some(current),
        }
    }
}

/// The memory of a service. None: it is no service, or systemd does not answer.
pub(in crate::app) async fn memory(name: &str) -> Option<Memory> {
    let look = async {
        let service = Unit::find(name).await.ok()?.service;
        let group = service.control_group().await.ok()?;
        Some(Memory::new(group, service.memory_current().await.ok()?))
    };
    timeout(PATIENCE, look).await.ok()?
}

/// The limits of a service and of the slices above it. What systemd does not answer has no limit.
pub(in crate::app) async fn limits(name: &str) -> Vec<Limit> {
    let look = async {
        let mut limits = Vec::new();
        let Ok(Unit { service, .. }) = Unit::find(name).await else {
            return limits;
        };
        if let Ok(most) = service.memory_max().await {
            // A copy that is started begins anew.
            limits.push(Limit {
                unit: name.to_owned(),
                most,
                memory: Memory::new(String::new(), NONE),
            });
        }
        let mut above = service.slice().await.unwrap_or_default();
        while !["", ROOT].contains(&above.as_str()) {
            let Ok((limit, next)) = slice(&above).await else {
                break;
            };
            limits.push(limit);
            above = next;
        }
        limits.retain(|limit| limit.most != NONE);
        limits
    };
    timeout(PATIENCE, look).await.unwrap_or_default()
}

/// A slice's limit, and the slice above it.
async fn slice(name: &str) -> Result<(Limit, String), UnitError> {
    let unit = Unit::find(name).await?;
    let slice = SliceProxy::builder(unit.proxy.inner().connection())
        .path(unit.proxy.inner().path().to_owned())
        .cache_properties(CacheProperties::No)
        .build()
        .await?;
    let limit = Limit {
        unit: name.to_owned(),
        most: slice.memory_max().await?,
        memory: Memory::new(slice.control_group().await?, slice.memory_current().await?),
    };
    Ok((limit, slice.slice().await?))
}
