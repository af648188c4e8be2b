//! Gathers the facts about the page of an app.

use crate::config::{AppSettings, Settings};
use crate::doctor::page::Page;
use crate::gate::{Firewall, Position};
use crate::host::{balancers, look_beside};
use crate::state::directory;
use crate::state::hold::{self, Held};
use crate::state::lock::Lock;

/// Looks at the page. None: the app has none.
pub(super) async fn of_page(all: &Settings, app: &AppSettings) -> Option<Page> {
    let page = app.at_page()?;
    let settings = app.page.as_ref()?;
    let look = look_beside(&page, &mut balancers(all, &page)).await;
    Some(Page {
        app: app.name.clone(),
        port: settings.ports.port,
        status_port: settings.ports.status_port,
        is_served: settings.file().is_some(),
        position: position(all, &page).await,
        is_on: is_on(all, &app.name),
        under_way: Lock::owner(&directory::app_lock(&all.agent.state_dir, &app.name)).is_some(),
        look,
    })
}

/// Whether maintenance is on.
pub(super) fn is_on(all: &Settings, app: &str) -> bool {
    hold::now(&all.agent.hold_dir, app).is_some_and(|held: Held| held.is_of_maintenance())
}

/// None: the rules can't be read, which is a point of its own.
async fn position(all: &Settings, page: &AppSettings) -> Option<Position> {
    let firewall = Firewall::new(all.agent.iptables, all.agent.ipv6)
        .await
        .ok()?;
    let view = firewall.look().await.ok()?;
    Some(view.position(&all.gates(page).main))
}
