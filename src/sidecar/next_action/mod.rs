//! Decides what the sidecar does for an app, from what it observed. Pure.

use crate::restart::switch::closes_idle;

/// The positions of an app's gates, or those of its current target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gates {
    /// All open.
    Open,
    /// All closed.
    Closed,
    /// Anything else: only one of two is open, a rule is doubled, a jump is missing.
    Broken,
}

/// The targets of an app that are not current. All false: it has none, or they are as expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Idle {
    /// One of their gates is not closed.
    pub open: bool,
    /// One of them is not parked on the current target, or is although it is open.
    pub unparked: bool,
    /// The time of the one that is ready is over.
    pub over: bool,
}

/// A maintenance that is on: users meet the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maintenance {
    /// The page's gate is open, and the ports of the app are parked on the page.
    pub kept: bool,
    /// Its time is over.
    pub over: bool,
}

/// One look at an app while no operation is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// The positions of its gates.
    pub gates: Gates,
    /// A hold asks that the gates stay closed.
    pub held: bool,
    /// There is an unfinished operation.
    pub unfinished: bool,
    /// That one is a switch.
    pub cut_switch: bool,
    /// The app answered often enough in a row. False also if it was not asked yet.
    pub healthy: bool,
    /// Its last answer in this round failed.
    pub sick: bool,
    /// Every balancer shows its lines UP.
    pub up: bool,
    /// The idle targets.
    pub idle: Idle,
    /// None: maintenance is off.
    pub maintenance: Option<Maintenance>,
}

/// What the sidecar does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextAction {
    /// Nothing.
    Rest,
    /// Ask the app for its health.
    Ask,
    /// Run `agent recover`: it finishes or undoes an unfinished operation, and opens the gates.
    Recover,
    /// The same for a switch: it decides by both targets which one goes on.
    RecoverSwitch,
    /// Close the gates of an app with a hold.
    Close,
    /// Close the gates of the idle targets.
    CloseIdle,
    /// Park the idle targets on the current one, but none that is open.
    Park,
    /// Run `agent maintenance on`: it opens the gate of the page again.
    KeepMaintenance,
    /// Run `agent maintenance off`.
    EndMaintenance,
    /// Run `agent switch --finish`: it drains and stops the target that is ready.
    Finish,
}

/// The next action. It opens no gates before the app is healthy, and none that a hold keeps
/// closed. The current target comes first: it has the users.
pub fn next_action(observation: Observation) -> NextAction {
    let Observation { held, gates, .. } = observation;
    match (held, observation.unfinished, gates) {
        // The recovery of a maintenance ends with users on the app or on the page.
        (true, true, _) if observation.cut_switch && observation.maintenance.is_some() => {
            NextAction::RecoverSwitch
        }
        // A held host wants no users on either target: its switch waits for the end of the hold.
        (true, true, _) if observation.cut_switch => NextAction::Rest,
        (false, true, _) if observation.cut_switch => NextAction::RecoverSwitch,
        (true, true, _) => NextAction::Recover,
        (true, false, Gates::Closed) => at_rest(observation),
        (true, false, _) if observation.maintenance.is_some() => at_rest(observation),
        (true, false, _) => NextAction::Close,
        (false, false, Gates::Open) => at_rest(observation),
        (false, _, _) if observation.healthy => NextAction::Recover,
        (false, _, _) => NextAction::Ask,
    }
}

/// The gates of the app are as expected.
fn at_rest(
    Observation {
        gates,
        held,
        healthy,
        sick,
        up,
        idle,
        maintenance,
        ..
    }: Observation,
) -> NextAction {
    match maintenance {
        // Users meet the page until the app is healthy, however long that takes.
        Some(Maintenance { kept: false, .. }) => return NextAction::KeepMaintenance,
        Some(Maintenance { over: true, .. }) => return NextAction::EndMaintenance,
        Some(_) => return NextAction::Rest,
        None => {}
    }
    let closes = closes_idle(held, gates == Gates::Open, healthy && up);
    match idle {
        Idle { open: true, .. } if closes => NextAction::CloseIdle,
        // HAProxy may send all users to the open one. None of them belongs on the sick one.
        Idle {
            open: true,
            unparked: true,
            ..
        } if sick => NextAction::Park,
        Idle { open: true, .. } => NextAction::Ask,
        Idle { unparked: true, .. } => NextAction::Park,
        // The end of a switch needs a current target with users.
        Idle { over: true, .. } if !held => NextAction::Finish,
        _ => NextAction::Rest,
    }
}

#[cfg(test)]
mod tests;
