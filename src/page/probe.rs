//! Probes a server of the page: does a user get the page from it?

use super::ask::get;
use super::content::Content;
use super::health::HealthAnswer;
use crate::app::Health;
use crate::config::PageSettings;
use std::net::SocketAddr;

/// The status of the page: the app comes back.
const UNAVAILABLE: u16 = 503;

/// Asks for the page once, as a user does. A server of the operator's own may send any text.
///
/// # Errors
///
/// What users get in its place, in one line.
pub async fn probe(health: &Health, page: &PageSettings, at: SocketAddr) -> Result<(), String> {
    let content = page.file().map(Content::load).transpose();
    let content = content.map_err(|fault| fault.to_string())?;
    let answer = HealthAnswer::of(health).filter(HealthAnswer::is_users_path);
    let wanted = answer.map_or(UNAVAILABLE, |answer| answer.status);
    let (status, text) = get(at, health.timeout).await?;
    if status != wanted {
        return Err(format!("{status} from GET /, wanted {wanted}"));
    }
    match content {
        Some(content) if content.text.as_bytes() != text => Err(
            "it does not serve what the file has: run `systemctl reload` of its unit".to_owned(),
        ),
        _ => Ok(()),
    }
}
