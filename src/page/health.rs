//! What the page's server answers to the health check of the app.

use crate::app::{Health, HealthCheck};

/// The answer to a health check. HAProxy's check of the page's line is the check of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthAnswer {
    path: String,
    /// The status that is good.
    pub status: u16,
}

/// What an app answers if no other status is configured.
const OK: u16 = 200;

impl HealthAnswer {
    /// Of an app with this check. None: the check needs no answer, a connection is enough.
    pub fn of(health: &Health) -> Option<HealthAnswer> {
        let HealthCheck::Http { path, status, .. } = &health.check else {
            return None;
        };
        let path = path.split(['?', '#']).next().unwrap_or_default();
        Some(HealthAnswer {
            path: path.to_owned(),
            status: status.unwrap_or(OK),
        })
    }

    /// Whether a request for this path, without its query, is a check.
    pub fn is_check(&self, path: &str) -> bool {
        self.path == path
    }

    /// Whether users ask for the same path: then they get the page, with the status of the check.
    pub fn is_users_path(&self) -> bool {
        self.is_check("/")
    }
}
