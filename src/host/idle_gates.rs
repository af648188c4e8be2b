//! The gates that are closed at rest: those of the idle targets, and that of the page. Pure.

use crate::config::{AppSettings, Settings};
use crate::gate::{Gate, Position, View};
use crate::state::hold::Held;

/// The gates of all targets of the app but the one that it is seen at.
pub(crate) fn gates_of_others(settings: &Settings, app: &AppSettings) -> Vec<Gate> {
    let others = app.instances().into_iter();
    let others = others.filter(|other| other.target != app.target);
    others.flat_map(|other| settings.gates(&other)).collect()
}

/// The same with the page's gate, unless users meet the page or may do so.
pub(crate) fn idle_gates(settings: &Settings, app: &AppSettings, held: Option<&Held>) -> Vec<Gate> {
    let may_serve = held.is_some_and(Held::may_be_of_maintenance);
    let page = app.at_page().filter(|_| !may_serve).into_iter();
    let page = page.flat_map(|page| settings.gates(&page));
    let others = gates_of_others(settings, app).into_iter();
    others.chain(page).collect()
}

/// The targets of those that are not closed.
pub(crate) fn open_targets(gates: Vec<Gate>, rules: &View) -> Vec<String> {
    let gates = gates.into_iter();
    let open = gates.filter(|gate| rules.position(gate) != Position::Closed);
    let mut names: Vec<String> = open.filter_map(|gate| gate.target).collect();
    names.dedup();
    names
}
