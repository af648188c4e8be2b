//! This host, as the core uses it.

use super::ThisHost;
use super::gates::{CLOSED, gates};
use super::observe::observe;
use crate::haproxy::{Balancer, BalancerObservation, Role};
use crate::restart::switch::Part;
use crate::restart::{Action, ActionResult, Ask, Connections, GroupLock, Host, OnMeanwhile, Phase};
use crate::tcp;
use futures_util::future::join_all;
use std::time::{Duration, Instant};

impl Host for ThisHost {
    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn interrupted(&self) -> Option<i32> {
        self.stop.asked()
    }

    async fn balancers(&mut self, _part: Part, ask: Ask) -> Vec<BalancerObservation> {
        let balancers = self.balancers.iter_mut();
        join_all(balancers.map(|balancer| observe(balancer, ask))).await
    }

    async fn connections(
        &mut self,
        _part: Part,
        before: &[BalancerObservation],
    ) -> Option<Result<Connections, String>> {
        match self.balancers.iter().all(Balancer::has_master) {
            true => None,
            false => Some(self.counting.look(&mut self.balancers, before, false).await),
        }
    }

    async fn oldest(&mut self) -> Option<Duration> {
        let port = self.app.ports.port;
        let ask = async move || {
            let connections = tcp::connections(port).await;
            connections.ok().and_then(|all| tcp::oldest(&all))
        };
        self.ages.oldest(ask).await
    }

    async fn health(&mut self, _part: Part) -> Result<(), String> {
        let environment = self.app.environment();
        self.app
            .health
            .probe(self.probe_address(), environment)
            .await
    }

    async fn instance(&mut self) -> Option<String> {
        self.app.restart.instance().await
    }

    fn lock(&mut self, phase: &Phase) -> GroupLock {
        let lock = self.group_lock.as_mut();
        lock.map_or(GroupLock::Unused, |lock| lock.look(phase))
    }

    fn shown(&mut self) -> Vec<BalancerObservation> {
        self.shown_meanwhile()
    }

    async fn causes(&mut self, roles: &[Role]) -> Vec<String> {
        self.why_up(roles).await
    }

    async fn act(&mut self, action: Action, on: OnMeanwhile<'_>) -> ActionResult {
        if action.opens() {
            self.meanwhile = None;
        }
        match action {
            Action::CloseMain => self.set(gates(Some(false), None)).await,
            Action::CloseTwin => self.set(gates(None, Some(false))).await,
            Action::CloseBoth => self.set(CLOSED).await,
            Action::OpenBoth => self.set(gates(Some(true), Some(true))).await,
            Action::PutBack => self.set(self.to_reopen.map(Some)).await,
            Action::Upgrade => {
                let upgrade = self.app.upgrade.clone();
                self.change(upgrade, "upgrade", on).await
            }
            Action::Rollback => {
                let rollback = self.app.rollback.clone();
                self.change(rollback, "rollback", on).await
            }
            Action::Restart => self.restart(on).await,
            Action::Prepare
            | Action::Start
            | Action::Verify
            | Action::Unpark
            | Action::Join
            | Action::LeaveMain
            | Action::LeaveBoth
            | Action::TakeBack
            | Action::Withdraw
            | Action::Park(_)
            | Action::Stop(_) => ActionResult::Failed("an app without targets".to_owned()),
        }
    }

    fn moved(&self) -> bool {
        self.moved
    }

    async fn pause(&mut self, phase: &Phase, lasted: Duration) {
        self.hold_ports();
        let usual = match phase {
            phase if phase.waits_for_app() => self.app.health.pace(),
            _ => self.poll,
        };
        let pace = phase.pace(lasted, usual);
        // The look's own time counts as part of the pace, but never all of it.
        let rest = pace.saturating_sub(self.woke.elapsed()).max(pace / 3);
        tokio::time::sleep(rest).await;
        self.woke = Instant::now();
    }
}
