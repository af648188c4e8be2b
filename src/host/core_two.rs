//! The two targets of a switch, as the core uses them.

use super::{ThisHost, TwoHosts};
use crate::haproxy::{Balancer, BalancerObservation, Role};
use crate::restart::switch::Part;
use crate::restart::{
    Action, ActionResult, Ask, Connections, GroupLock, Host, Meanwhile, OnMeanwhile, Phase,
};
use std::time::Duration;

impl Host for TwoHosts {
    fn elapsed(&self) -> Duration {
        self.old.elapsed()
    }

    fn interrupted(&self) -> Option<i32> {
        self.old.interrupted()
    }

    async fn balancers(&mut self, part: Part, ask: Ask) -> Vec<BalancerObservation> {
        self.at(part).balancers(Part::Old, ask).await
    }

    async fn connections(
        &mut self,
        part: Part,
        before: &[BalancerObservation],
    ) -> Option<Result<Connections, String>> {
        // The lines of one target do not show connections that came by the parked port of another.
        if self.at(part).balancers.iter().all(Balancer::has_master) {
            return Some(self.by_parked_port(part, before).await);
        }
        let ThisHost {
            counting,
            balancers,
            ..
        } = self.at(part);
        Some(counting.look(balancers, before, false).await)
    }

    async fn oldest(&mut self) -> Option<Duration> {
        let part = self.acting;
        self.at(part).oldest().await
    }

    async fn health(&mut self, part: Part) -> Result<(), String> {
        self.at(part).health(Part::Old).await
    }

    async fn instance(&mut self) -> Option<String> {
        None
    }

    fn lock(&mut self, phase: &Phase) -> GroupLock {
        self.old.lock(phase)
    }

    fn shown(&mut self) -> Vec<BalancerObservation> {
        let part = self.acting;
        self.at(part).shown()
    }

    async fn causes(&mut self, roles: &[Role]) -> Vec<String> {
        let part = self.acting;
        self.at(part).causes(roles).await
    }

    async fn act(&mut self, action: Action, on: OnMeanwhile<'_>) -> ActionResult {
        self.moved = false;
        if action.opens() {
            (self.old.meanwhile, self.new.meanwhile) = (None, None);
        }
        // The new target has no users before its verification, whatever another process does.
        if matches!(
            action,
            Action::Prepare | Action::Start | Action::Verify | Action::Unpark
        ) && let Err(why) = self.serve_without(Part::New).await
        {
            return ActionResult::Failed(why);
        }
        let limits = self.new.app.limits.clone();
        let done = match action {
            Action::Prepare => {
                let prepare = self.prepare.clone();
                let limit = limits.upgrade;
                return self
                    .new
                    .run_once(prepare.as_ref(), "prepare", limit, on)
                    .await;
            }
            Action::Verify => {
                let verify = self.new.app.verify.clone();
                let limit = limits.healthy;
                return self
                    .new
                    .run_once(verify.as_ref(), "verify", limit, on)
                    .await;
            }
            Action::Start => return self.start_anew(on).await,
            Action::Stop(part) => return self.stop(part, on).await,
            Action::PutBack => self.serve_without(Part::New).await,
            Action::Unpark => self.unpark().await,
            Action::Join => self.join().await,
            Action::LeaveMain => self.leave(true).await,
            Action::LeaveBoth => self.leave(false).await,
            Action::TakeBack => self.take_back().await,
            Action::Withdraw => self.withdraw().await,
            Action::Park(part) => self.park_idle(part).await,
            other => Err(format!(
                "internal error: {other:?} is no action of a switch"
            )),
        };
        match done {
            Ok(()) => ActionResult::Done,
            Err(why) => ActionResult::Failed(why),
        }
    }

    fn moved(&self) -> bool {
        self.moved
    }

    async fn pause(&mut self, phase: &Phase, lasted: Duration) {
        self.acting = phase.part();
        self.at(self.acting.other()).hold_ports();
        self.at(self.acting).pause(phase, lasted).await;
    }
}

impl TwoHosts {
    /// Starts the new target. If it runs, it may be the old version, or sick: it is stopped first, and
    /// is not ready any more, whatever comes after.
    async fn start_anew(&mut self, on: OnMeanwhile<'_>) -> ActionResult {
        if self.new.runs().await
            && let ActionResult::Failed(why) = self.new.stop(on).await
        {
            return ActionResult::Failed(format!("it runs already, and can't be stopped: {why}"));
        }
        self.record_stopped(Part::New);
        on(self.elapsed(), Meanwhile::Stopped);
        self.new.start(on).await
    }

    async fn stop(&mut self, part: Part, on: OnMeanwhile<'_>) -> ActionResult {
        if let Err(why) = self.serve_without(part).await {
            return ActionResult::Failed(why);
        }
        if self.moved {
            let why = "another process had opened its gates: the agent closed them again";
            return ActionResult::Failed(why.to_owned());
        }
        if let Err(why) = self.move_marker(part.other()).await {
            return ActionResult::Failed(why);
        }
        let stopped = self.at(part).stop(on).await;
        if stopped == ActionResult::Done {
            self.record_stopped(part);
        }
        stopped
    }

    async fn by_parked_port(
        &mut self,
        part: Part,
        before: &[BalancerObservation],
    ) -> Result<Connections, String> {
        if self.at(part).by_parked_port.is_due(before) {
            let app = self.at(part).app.clone();
            let place = self.old.place(&app).await;
            let place = place.map_err(|error| error.to_string())?;
            self.at(part).by_parked_port.look(&app, place).await?;
        }
        let host = self.at(part);
        Ok(host.by_parked_port.connections(host.app.ports.port).await)
    }
}
