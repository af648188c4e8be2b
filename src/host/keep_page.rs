//! Maintenance by the rules alone, for the sidecar and `agent recover`: the gate of the page is open,
//! those of the app are closed, and the ports of the app are parked on the page.

use super::ThisHost;
use super::at_rest::on_page;
use crate::config::{AppSettings, Settings};
use crate::gate::{Gate, GateError};

/// The gate of the page, which is open, and then all gates of the app: never are all closed.
pub(crate) fn gates_on_page(settings: &Settings, app: &AppSettings) -> Vec<(Gate, bool)> {
    let gates = |view: AppSettings| settings.gates(&view).into_iter();
    let page = app.at_page().into_iter();
    let page = page.flat_map(gates).map(|gate| (gate, true));
    let instances = app.instances().into_iter();
    let closed = instances.flat_map(gates).map(|gate| (gate, false));
    page.chain(closed).collect()
}

impl ThisHost {
    /// Sets these rules, whatever the balancers show. Ok(true): this took a change.
    pub(crate) async fn keep_page(
        &mut self,
        settings: &Settings,
        app: &AppSettings,
    ) -> Result<bool, GateError> {
        let all = gates_on_page(settings, app);
        let all: Vec<(&Gate, bool)> = all.iter().map(|(gate, open)| (gate, *open)).collect();
        let set = self.ensure_all(&all).await?;
        let Some(page) = app.at_page() else {
            return Ok(set);
        };
        let rules = self.rules.look(&self.firewall).await?;
        let parked = on_page(settings, &page, &rules);
        Ok(self.park(&parked).await? || set)
    }
}
