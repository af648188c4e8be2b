//! One app as the sidecar stops: taken out of rotation and drained, at the target that is current once
//! no other operation has the app's lock.

use super::act::Run;
use super::ending::{Ending, goes_without_turn};
use super::next_action::Gates;
use super::reconciler::Reconciler;
use super::stopped;
use crate::host::balancers;
use crate::operation::Unwritten;
use crate::restart::Verb;
use crate::signals::StopSignal;
use std::time::Duration;

/// The longest wait for a turn if systemd can't be asked for more time.
const LITTLE_TIME: Duration = Duration::from_secs(20);

/// How the host is taken out as the sidecar stops.
#[derive(Clone, Copy)]
pub(super) struct WayOut {
    pub(super) ending: Ending,
    /// systemd gives the sidecar more time to stop.
    pub(super) may_extend: bool,
}

/// Takes one app out, and marks it as taken out by this stop.
pub(super) async fn take_one_out(
    reconciler: &mut Reconciler,
    way_out: WayOut,
    stop: &StopSignal,
) -> Unwritten {
    let before = stopped::took_out(reconciler.state_dir(), &reconciler.app.name);
    // With the current target open, an idle one that is open has no users alone.
    match reconciler.look_anew().await {
        Ok(Gates::Open) => close_idle(reconciler).await,
        Ok(Gates::Closed | Gates::Broken) => {}
        Err(why) => {
            let app = &reconciler.app.name;
            tracing::warn!(%app, "{app}: no gate of an idle target is closed before the drain: {why}");
        }
    }
    let ended = drain_one(reconciler, way_out, stop).await;
    if ended.report.has_closed() {
        close_idle(reconciler).await;
    }
    let (state_dir, hold_dir) = (reconciler.state_dir(), reconciler.hold_dir());
    stopped::mark(
        state_dir,
        hold_dir,
        before,
        ended.any_found_open,
        &ended.report,
    );
    ended
}

impl Reconciler {
    /// The operation that had the lock may have made another target current, and moved gates. Err: the
    /// current target or its gates are not known.
    async fn look_anew(&mut self) -> Result<Gates, String> {
        self.follow().await?;
        self.rules.may_have_changed();
        let looked = self.rules.look(&self.host).await;
        looked.map_err(|error| error.to_string())?;
        Ok(self.rules.gates())
    }
}

async fn close_idle(reconciler: &mut Reconciler) {
    let closed = reconciler.close_idle_gates().await;
    let app = &reconciler.app.name;
    match closed {
        Ok(false) => {}
        Ok(true) => {
            tracing::warn!(%app, "{app}: gates of idle targets were open: the agent closed them");
        }
        Err(error) => tracing::warn!(%app, %error, "{app}: gates of idle targets may be open"),
    }
}

/// Drains one app in its turn, or without a turn if the machine does not wait. It finds the
/// balancers anew: the reconciler may have found them before this host had its addresses.
async fn drain_one(reconciler: &mut Reconciler, way_out: WayOut, stop: &StopSignal) -> Unwritten {
    let app = reconciler.app.clone();
    let balancers = balancers(&reconciler.settings, &app);
    let turn = match way_out.may_extend {
        true => app.limits.turn,
        false => app.limits.turn.min(LITTLE_TIME),
    };
    let run = |turn| Run {
        verb: Verb::Stop,
        app: &app,
        balancers: &balancers,
        stop: stop.clone(),
        turn,
        non_blocking: false,
    };
    let ended = reconciler.run_as(run(Some(turn))).await;
    if !goes_without_turn(way_out.ending, ended.report.exit) {
        return ended;
    }
    let (name, why) = (&app.name, &ended.report.message);
    tracing::warn!(app = %name, "{name}: going without its turn, as the machine goes down: {why}");
    let mut again = reconciler.run_as(run(None)).await;
    again.any_found_open |= ended.any_found_open;
    again
}
