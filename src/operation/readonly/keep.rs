//! Makes the gate of a marker what the record says, without waiting for HAProxy: for the sidecar and
//! for `agent recover`.

use crate::config::{AppSettings, Settings};
use crate::gate::{Gate, Position, View};
use crate::host::ThisHost;
use crate::operation::seen_at_current;
use crate::signals::StopSignal;
use crate::state::lock::{Lock, LockError, Owner};
use crate::state::{declared, directory};

/// What it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Nothing: it was so already, or another process has the marker's lock.
    AsItWas,
    /// The gate was opened, as the record says that writes are refused.
    Opened,
    /// The gate was closed, as nothing says so.
    Closed,
    /// The time of the record was over: the gate is closed, and the record is gone.
    Ended,
}

/// `host` may be seen at any target of the app; `rules` is its last list of them.
///
/// # Errors
///
/// The record can't be read, or the gate can't be moved: why.
pub(crate) async fn keep_marker(
    settings: &Settings,
    app: &AppSettings,
    host: &mut ThisHost,
    rules: &View,
) -> Result<Kept, String> {
    let Some(marker) = app.at_marker() else {
        return Ok(Kept::AsItWas);
    };
    let gate = settings.gates(&marker).main;
    if to_do(settings, app, &gate, rules)? == Kept::AsItWas {
        return Ok(Kept::AsItWas);
    }
    let path = directory::marker_lock(&settings.agent.state_dir, &app.name);
    let _lock = match Lock::take(&path, &Owner::new("agent run").brief()) {
        Ok(lock) => lock,
        Err(LockError::Held(_)) => return Ok(Kept::AsItWas),
        Err(error) => return Err(error.to_string()),
    };
    // An operator may have changed the record before this process got the lock.
    let to_do = to_do(settings, app, &gate, rules)?;
    let opens = match to_do {
        Kept::AsItWas => return Ok(Kept::AsItWas),
        Kept::Opened => true,
        Kept::Closed | Kept::Ended => false,
    };
    let moved = host.ensure_all(&[(&gate, opens)]).await;
    let moved = moved.map_err(|error| format!("the marker's gate can't be moved: {error}"))?;
    if to_do == Kept::Ended {
        let ended = declared::end(&settings.agent.hold_dir, &app.name);
        ended.map_err(|error| format!("the record of read-only can't be removed: {error}"))?;
        return Ok(Kept::Ended);
    }
    Ok(if moved { to_do } else { Kept::AsItWas })
}

/// The same for `agent recover`.
///
/// # Errors
///
/// As there, or this host can't be looked at.
pub(crate) async fn recover_marker(settings: &Settings, app: &AppSettings) -> Result<Kept, String> {
    let app = seen_at_current(settings, app).await?;
    let host = ThisHost::new(settings, &app, StopSignal::default()).await;
    let mut host = host.map_err(|error| error.to_string())?;
    let rules = host
        .firewall
        .look()
        .await
        .map_err(|error| error.to_string())?;
    keep_marker(settings, &app, &mut host, &rules).await
}

fn to_do(
    settings: &Settings,
    app: &AppSettings,
    gate: &Gate,
    rules: &View,
) -> Result<Kept, String> {
    let record = declared::find(&settings.agent.hold_dir, &app.name);
    let record = record.map_err(|error| error.to_string())?;
    let is_over = record.as_ref().map(|record| record.is_over());
    Ok(decide(is_over, &rules.position(gate)))
}

/// Of a record whether its time is over. None: there is no record.
fn decide(is_over: Option<bool>, position: &Position) -> Kept {
    match (is_over, position) {
        (Some(true), _) => Kept::Ended,
        (Some(false), Position::Open) | (None, Position::Closed) => Kept::AsItWas,
        (Some(false), _) => Kept::Opened,
        (None, _) => Kept::Closed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_follows_the_record() {
        let broken = || Position::Broken("doubled".to_owned());
        for (is_over, position, kept) in [
            (None, Position::Closed, Kept::AsItWas),
            (None, Position::Open, Kept::Closed),
            (None, broken(), Kept::Closed),
            (Some(false), Position::Open, Kept::AsItWas),
            (Some(false), Position::Closed, Kept::Opened),
            (Some(false), broken(), Kept::Opened),
            (Some(true), Position::Open, Kept::Ended),
            (Some(true), Position::Closed, Kept::Ended),
        ] {
            assert_eq!(decide(is_over, &position), kept, "{is_over:?} {position:?}");
        }
    }
}
