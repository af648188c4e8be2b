//! Probes a server of the page: does a user get the page from it?

use super::ask::get;
use super::content::Content;
use super::fault::Fault;
use super::health::HealthAnswer;
use crate::app::Health;
use crate::config::PageSettings;
use std::net::SocketAddr;

/// The status of the page: the app comes back.
const UNAVAILABLE: u16 = 503;

/// Why users do not get the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotThePage {
    /// Its file has an error.
    #[error(transparent)]
    File(#[from] Fault),
    /// The server does not answer.
    #[error("{0}")]
    NoAnswer(String),
    /// It answers with another status.
    #[error("{found} from GET /, wanted {wanted}")]
    Status {
        /// The status.
        found: u16,
        /// The status of a page.
        wanted: u16,
    },
    /// The file has changed since the server has read it.
    #[error("it does not serve what the file has")]
    Older,
}

/// Asks for the page once, as a user does. A server of the operator's own may send any text.
///
/// # Errors
///
/// What users get in its place.
pub async fn probe(health: &Health, page: &PageSettings, at: SocketAddr) -> Result<(), NotThePage> {
    let content = page.file().map(Content::load).transpose()?;
    let answer = HealthAnswer::of(health).filter(HealthAnswer::is_users_path);
    let wanted = answer.map_or(UNAVAILABLE, |answer| answer.status);
    let asked = get(at, health.timeout).await;
    let (found, text) = asked.map_err(NotThePage::NoAnswer)?;
    match content {
        _ if found != wanted => Err(NotThePage::Status { found, wanted }),
        Some(content) if content.text.as_bytes() != text => Err(NotThePage::Older),
        _ => Ok(()),
    }
}
