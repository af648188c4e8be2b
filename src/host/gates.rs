//! Moves the gates of an app.

use super::{ThisHost, rules_lock};
use crate::gate::{Gate, GateError};
use crate::restart::{ActionResult, PerGate};

impl ThisHost {
    /// Sets the gates. A gate that `wanted` does not name stays.
    pub(super) async fn set(&mut self, wanted: PerGate<Option<bool>>) -> ActionResult {
        let set = self.ensure(wanted).await;
        self.moved = set == Ok(true);
        match set {
            Ok(_) => ActionResult::Done,
            Err(error) => ActionResult::Failed(error.to_string()),
        }
    }

    /// Ok(true): this took a change.
    pub(super) async fn ensure(
        &mut self,
        wanted: PerGate<Option<bool>>,
    ) -> Result<bool, GateError> {
        let gates = self.gates.clone();
        let gates = gates.iter().zip(wanted);
        let wanted: Vec<(&Gate, bool)> = gates
            .filter_map(|(gate, wanted)| Some((gate, wanted?)))
            .collect();
        self.ensure_all(&wanted).await
    }

    /// The same for these gates, which may be those of other targets, in this order.
    pub(crate) async fn ensure_all(&mut self, wanted: &[(&Gate, bool)]) -> Result<bool, GateError> {
        if self.rules.are_as_wanted(&self.firewall, wanted).await? {
            return Ok(false);
        }
        let _lock = rules_lock::lock(&self.state_dir).await;
        self.rules.ensure(&self.firewall, wanted).await
    }
}

/// The wanted positions of the main gate and of the twin's.
pub(super) const fn gates(main: Option<bool>, twin: Option<bool>) -> PerGate<Option<bool>> {
    PerGate {
        main,
        twin: Some(twin),
    }
}

/// Both gates closed.
pub(super) const CLOSED: PerGate<Option<bool>> = gates(Some(false), Some(false));
