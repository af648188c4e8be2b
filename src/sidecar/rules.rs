//! The rules of an app's gates, as the kernel has them.

use super::next_action::Gates;
use crate::gate::{GateError, Mark, Position, RuleWatch, View};
use crate::host::ThisHost;
use crate::restart::PerGate;
use std::time::{Duration, Instant};

/// The time between two lists of the rules if the kernel does not report changes.
const LISTED: Duration = Duration::from_secs(2);

/// The rules, listed again when they may have changed.
pub(super) struct Rules {
    watch: RuleWatch,
    listed: Option<Listed>,
    /// None: they could not be listed.
    pub(super) positions: Option<PerGate<Position>>,
    /// The whole list, for the idle targets and the marker of an app.
    pub(super) view: Option<View>,
}

/// A list of the rules.
#[derive(Clone, Copy)]
struct Listed {
    /// The mark of the rules at that time. None: the kernel does not report changes.
    mark: Option<Mark>,
    at: Instant,
}

impl Listed {
    /// The rules are still the same, as far as the kernel shows it.
    fn is_current(self, mark: Option<Mark>) -> bool {
        match self.mark {
            Some(before) => mark == Some(before),
            None => self.at.elapsed() < LISTED,
        }
    }
}

impl Rules {
    pub(super) fn new(host: &ThisHost) -> Rules {
        let watch = host.firewall.watch().unwrap_or_else(|error| {
            let app = &host.app.name;
            tracing::warn!(%app, %error, "the sidecar lists the rules every 2 s");
            RuleWatch::blind()
        });
        Rules {
            watch,
            listed: None,
            positions: None,
            view: None,
        }
    }

    /// Lists them if they may have changed.
    pub(super) async fn look(&mut self, host: &ThisHost) -> Result<(), GateError> {
        let mark = self.watch.mark();
        if !self.listed.is_some_and(|listed| listed.is_current(mark)) {
            (self.listed, self.positions, self.view) = (None, None, None);
            self.list(host).await?;
            let at = Instant::now();
            self.listed = Some(Listed { mark, at });
        }
        Ok(())
    }

    /// Only an app with targets, a page or a marker needs more than its gates: the place to park them
    /// on, which any table may show, and the gate of the marker.
    async fn list(&mut self, host: &ThisHost) -> Result<(), GateError> {
        if !host.app.has_targets() && host.app.besides().next().is_none() {
            self.positions = Some(host.firewall.positions(&host.gates).await?);
            return Ok(());
        }
        let view = host.firewall.look().await?;
        let positions = host.gates.as_ref().map(|gate| view.position(gate));
        (self.positions, self.view) = (Some(positions), Some(view));
        Ok(())
    }

    /// The next look lists them in any case.
    pub(super) fn may_have_changed(&mut self) {
        self.listed = None;
    }

    /// Waits until the kernel reports a change.
    pub(super) async fn changed(&mut self) {
        self.watch.changed().await;
    }

    /// All gates in one word.
    pub(super) fn gates(&self) -> Gates {
        let all = |wanted: Position| {
            let mut all = self.positions.iter().flat_map(PerGate::iter);
            all.all(|one| *one == wanted)
        };
        match (all(Position::Open), all(Position::Closed)) {
            (true, _) => Gates::Open,
            (_, true) => Gates::Closed,
            _ => Gates::Broken,
        }
    }
}
