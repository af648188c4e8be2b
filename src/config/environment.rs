//! What the commands of an app get in their environment.

use super::app_settings::AppSettings;
use crate::app::Environment;

impl AppSettings {
    /// Names this target of the app.
    pub fn environment(&self) -> Environment<'_> {
        Environment {
            app: &self.name,
            target: self.target.as_deref(),
            port: self.ports.port,
            phase: None,
        }
    }
}
