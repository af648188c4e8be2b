//! Gathers the facts about the page and the marker of an app.

use crate::config::{AppSettings, PageSettings, Settings};
use crate::doctor::app_facts::AppFacts;
use crate::doctor::cfg::Shown;
use crate::doctor::marker::Marker;
use crate::doctor::page::{Page, PageFile};
use crate::gate::{Firewall, Position};
use crate::haproxy::{BalancerObservation, ServerLine};
use crate::host::{balancers, look_beside};
use crate::page::{self, HealthAnswer};
use crate::state::directory;
use crate::state::hold::{self, Held};
use crate::state::lock::Lock;
use std::net::SocketAddr;

/// Looks at the page. None: the app has none.
pub(super) async fn of_page(all: &Settings, app: &AppSettings) -> Option<Page> {
    let page = app.at_page()?;
    let settings = app.page.as_ref()?;
    let look = look_beside(&page, &mut balancers(all, &page)).await;
    Some(Page {
        app: app.name.clone(),
        port: settings.ports.port,
        status_port: settings.ports.status_port,
        file: file(app, settings),
        position: position(all, &page).await,
        is_on: is_on(all, &app.name),
        under_way: Lock::owner(&directory::app_lock(&all.agent.state_dir, &app.name)).is_some(),
        look,
    })
}

fn file(app: &AppSettings, page: &PageSettings) -> Option<PageFile> {
    let path = page.file()?;
    let readable = page::check(path);
    Some(PageFile {
        path: path.display().to_string(),
        is_there: path.exists(),
        readable: readable.map_err(|fault| fault.to_string()),
        status: HealthAnswer::of(&app.health)
            .filter(HealthAnswer::is_users_path)
            .map(|answer| answer.status),
    })
}

/// Looks at the lines of the marker. None: the app has none. `seen`: the app at its targets.
pub(super) async fn of_marker(
    all: &Settings,
    app: &AppSettings,
    seen: &[AppFacts],
) -> Option<Marker> {
    let marker = app.at_marker()?;
    let look = look_beside(&marker, &mut balancers(all, &marker)).await;
    let address = |balancer: &BalancerObservation| address(&app.name, &balancer.name, seen);
    Some(Marker {
        app: app.name.clone(),
        port: marker.ports.port,
        balancers: look
            .balancers
            .into_iter()
            .map(|look| {
                let address = address(&look);
                (look, address)
            })
            .collect(),
    })
}

/// The address by which the balancer knows this host, as a server line has it.
fn address(app: &str, balancer: &str, seen: &[AppFacts]) -> String {
    let own = seen.iter().filter(|one| one.settings.name == app);
    let mut own = own
        .flat_map(|one| &one.balancers)
        .filter(|one| one.name == balancer)
        .flat_map(|one| &one.seen)
        .flat_map(|seen| seen.own());
    let address = own.find_map(|own| own.address);
    address.map_or("ADDRESS".to_owned(), |at| match at {
        SocketAddr::V4(at) => at.ip().to_string(),
        SocketAddr::V6(at) => format!("[{}]", at.ip()),
    })
}

/// The lines that the balancers show, for a comparison with HAProxy's file.
pub(super) fn shown(page: Option<&Page>, marker: Option<&Marker>) -> Shown {
    let marker = marker.map(|marker| names(marker.balancers.iter().map(|(look, _)| look)));
    Shown {
        page: page.and_then(|page| names(&page.look.balancers)),
        marker: marker.flatten(),
    }
}

/// None: no balancer has shown which lines it has.
fn names<'a>(looks: impl IntoIterator<Item = &'a BalancerObservation>) -> Option<Vec<String>> {
    let of = |look: &BalancerObservation| match &look.answer {
        Err(why) if !why.lacks_lines => None,
        _ => Some(look.lines().to_vec()),
    };
    let answers: Vec<Vec<ServerLine>> = looks.into_iter().filter_map(of).collect();
    let names = answers.iter().flatten().map(|line| line.name.clone());
    (!answers.is_empty()).then(|| names.collect())
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
