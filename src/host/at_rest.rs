//! Which targets of an app are parked at rest. Pure.

use super::idle_gates::{gates_of_others, open_targets};
use super::parking::parkings;
use crate::config::{AppSettings, PAGE, Settings};
use crate::gate::{Destination, ParkingPosition, Parkings, View};
use crate::state::target::Intent;

/// In maintenance: all traffic ports of the app are parked on its page.
pub(crate) fn on_page(settings: &Settings, page: &AppSettings, rules: &View) -> Parkings {
    let place = rules.place(page.ports.port, page.address);
    parkings(settings, page, (PAGE, place), &[])
}

/// For the app seen at its current target: all other targets are parked on that one. An open one is
/// not: HAProxy may send it all users because the current one is sick. One that runs until an operator
/// finishes the switch may still carry users, and stays as it is: parked or not.
pub(crate) fn at_rest(
    settings: &Settings,
    app: &AppSettings,
    record: Option<&Intent>,
    rules: Option<&View>,
) -> Parkings {
    let port = app.ports.port;
    let place = rules.map(|rules| rules.place(port, app.address));
    let place = place.unwrap_or(Destination::Port(port));
    let current = app.target.as_deref().unwrap_or_default();
    let open = rules.map(|rules| open_targets(gates_of_others(settings, app), rules));
    let open = open.unwrap_or_default();
    let open: Vec<&str> = open.iter().map(String::as_str).collect();
    let all = parkings(settings, app, (current, place), &open);
    let Some(left) = record.and_then(Intent::left_running) else {
        return all;
    };
    let positions = rules.map(|rules| rules.parked(&all));
    let mut seen = all.targets.iter().zip(positions.unwrap_or_default());
    let is_parked =
        seen.any(|(one, position)| one.target == left && position == ParkingPosition::Set);
    match is_parked {
        true => all,
        false => all.without(left),
    }
}
