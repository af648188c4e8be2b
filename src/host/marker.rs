//! Without `gate_to` the app answers the check of its marker. So a switch moves the marker's gate to
//! the target that serves: the stop of the other one would end read-only. It does nothing while
//! no operator refuses writes.

use super::TwoHosts;
use crate::gate::{Gate, Position};
use crate::restart::PerGate;
use crate::restart::switch::Part;
use crate::state::lock::{Lock, LockError, Owner, describe};
use crate::state::{declared, directory};

/// What to do with the marker's gate.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Nothing,
    Move,
    /// `agent readonly` has the lock of the marker, and may have begun while the other target was
    /// current.
    Wait,
}

impl TwoHosts {
    /// While writes are refused, the marker's gate redirects to this target. It is recorded as current
    /// before, so an `agent readonly` that begins later uses it, too.
    pub(super) async fn move_marker(&mut self, serves: Part) -> Result<(), String> {
        let app = self.at(serves).app.clone();
        let own = app.readonly.is_some_and(|marker| marker.gate_to.is_none());
        let Some(marker) = app.at_marker().filter(|_| own) else {
            return Ok(());
        };
        let gates = PerGate {
            main: self.settings.gates(&marker).main,
            twin: None,
        };
        if self.next(&app.name, &gates, true).await? == Next::Nothing {
            return Ok(());
        }
        let path = directory::marker_lock(&self.old.state_dir, &app.name);
        let owner = Owner::new(format!("agent switch {}", app.name)).brief();
        let (_lock, held) = match Lock::take(&path, &owner) {
            Ok(lock) => (Some(lock), None),
            Err(LockError::Held(other)) => (None, Some(describe(other.as_ref()))),
            Err(error) => return Err(error.to_string()),
        };
        // The record may have changed until this process got the lock.
        match self.next(&app.name, &gates, held.is_none()).await? {
            Next::Nothing => Ok(()),
            Next::Move => {
                let moved = self.old.ensure_all(&[(&gates.main, true)]).await;
                let failed = |error| format!("the marker's gate can't be moved: {error}");
                moved.map(drop).map_err(failed)
            }
            Next::Wait => Err(format!(
                "the marker's gate still redirects to {}, and can't be moved yet: another operation is \
                 under way: {}",
                self.name(serves.other()),
                held.unwrap_or_default()
            )),
        }
    }

    /// Users first: the other target goes on answering the marker's check until it is stopped, and the stop
    /// needs the move.
    pub(super) async fn try_to_move_marker(&mut self, serves: Part) {
        if let Err(error) = self.move_marker(serves).await {
            tracing::debug!(%error, "the marker stays with the other target for now");
        }
    }

    async fn next(
        &mut self,
        app: &str,
        gates: &PerGate<Gate>,
        is_free: bool,
    ) -> Result<Next, String> {
        let record = declared::find(&self.old.hold_dir, app).map_err(|error| error.to_string())?;
        let is_on = record.is_some_and(|record| !record.is_over());
        let positions = self.old.rules.positions(&self.old.firewall, gates).await;
        let positions = positions.map_err(|error| error.to_string())?;
        Ok(decide(is_on, &positions.main, is_free))
    }
}

/// `position`: that of the gate to the target that serves. A gate to the other one is broken.
/// `is_free`: no other process has the marker's lock.
fn decide(is_on: bool, position: &Position, is_free: bool) -> Next {
    match position {
        _ if !is_on => Next::Nothing,
        Position::Open => Next::Nothing,
        _ if is_free => Next::Move,
        // That process opens it, or closes it.
        Position::Closed => Next::Nothing,
        Position::Broken(_) | Position::Unknown(_) => Next::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_follows_the_target_while_writes_are_refused() {
        use Next::{Move, Nothing, Wait};
        let elsewhere = || Position::Broken("not as configured".to_owned());
        for (position, off, free, held) in [
            (Position::Open, Nothing, Nothing, Nothing),
            (Position::Closed, Nothing, Move, Nothing),
            (elsewhere(), Nothing, Move, Wait),
        ] {
            assert_eq!(decide(false, &position, true), off, "{position:?}");
            assert_eq!(decide(true, &position, true), free, "{position:?}");
            assert_eq!(decide(true, &position, false), held, "{position:?}");
        }
    }
}
