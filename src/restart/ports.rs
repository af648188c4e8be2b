//! The ports of the core: the world that an operation needs, and its progress reports. The live
//! host implements them, and so do the scripted hosts of the tests.

use super::switch::Part;
use super::{Action, ActionResult, Ask, Connections, GroupLock, Observation, Phase};
use crate::haproxy::{BalancerObservation, Role};
use std::time::Duration;

/// The world that an operation needs. It is the only seam between the core and the live host or a
/// test.
#[allow(async_fn_in_trait)]
pub trait Host {
    /// Time since the operation began.
    fn elapsed(&self) -> Duration;
    /// SIGINT, SIGTERM or SIGHUP has come: its number.
    fn interrupted(&self) -> Option<i32>;
    /// Asks every balancer for the lines of this target and for what else the phase needs. An app
    /// without targets is the old one, here and below.
    async fn balancers(&mut self, part: Part, ask: Ask) -> Vec<BalancerObservation>;
    /// The connections to this target, if a balancer's leaving workers can't be asked; None: all of
    /// them can. `before` is what the balancers have just shown.
    async fn connections(
        &mut self,
        part: Part,
        before: &[BalancerObservation],
    ) -> Option<Result<Connections, String>>;
    /// How long the oldest request to the app has waited, by the host's TCP table. It is asked
    /// for if `connections` does not show it. It may be slightly old, and no decision depends on
    /// it.
    async fn oldest(&mut self) -> Option<Duration>;
    /// Asks the target whether it is healthy.
    async fn health(&mut self, part: Part) -> Result<(), String>;
    /// Which instance of the app runs.
    async fn instance(&mut self) -> Option<String>;
    /// The group's lock, as far as it is known now. The phase that waits for it asks for it. A later
    /// phase that does not have it goes without it.
    fn lock(&mut self, _phase: &Phase) -> GroupLock {
        GroupLock::Unused
    }
    /// What the balancers have shown since the last call, while the gates are closed. It returns
    /// at once.
    fn shown(&mut self) -> Vec<BalancerObservation>;
    /// What answers the checks of these gates although they are closed, as far as this host can
    /// see it. Takes a moment at most.
    async fn causes(&mut self, roles: &[Role]) -> Vec<String>;
    /// Does it once. `on` gets what the balancers show while the app is touched.
    async fn act(&mut self, action: Action, on: OnMeanwhile<'_>) -> ActionResult;
    /// The last action had to move a gate. If it touched the app: a gate had to be closed again.
    fn moved(&self) -> bool;
    /// Waits until the next look of this phase, which has lasted `lasted`.
    async fn pause(&mut self, phase: &Phase, lasted: Duration);
}

/// Shows the progress of an operation.
pub trait Progress {
    /// A phase begins at this time since the operation began.
    fn enters(&mut self, at: Duration, phase: &Phase);
    /// What the operation waits for now. It may come with every look.
    fn waits(&mut self, at: Duration, waiting: &[String]);
    /// A notice for the operator.
    fn notes(&mut self, at: Duration, note: &str);
    /// What one look showed, before the decision.
    fn sees(&mut self, _at: Duration, _observation: &Observation) {}
    /// It shows how long the oldest request has waited, so the driver asks for that.
    fn shows_ages(&self) -> bool {
        false
    }
}

/// What is seen during an action that takes time.
#[derive(Debug)]
pub enum Meanwhile {
    /// One look at one balancer.
    Lines(BalancerObservation),
    /// Why its lines are UP.
    Causes(Vec<String>),
    /// The last lines that a command printed, after its end.
    Printed(Vec<String>),
    /// A switch, before it starts its new target: what ran there before is stopped.
    Stopped,
}

/// Gets what is seen meanwhile, and when. It returns whether it wants the causes.
pub type OnMeanwhile<'a> = &'a mut dyn FnMut(Duration, Meanwhile) -> bool;
