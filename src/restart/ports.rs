//! The ports of the core: the world as far as an operation needs it, and where it reports how it
//! goes. The live host implements them, and the scripted ones of the tests.

use super::{Action, ActionResult, Ask, BalancerSeen, Connections, Observation, Phase};
use std::time::Duration;

/// The world, as far as an operation needs it. The only seam: the live host, and the
/// scripted ones of the tests.
#[allow(async_fn_in_trait)]
pub trait Host {
    /// Time since the operation began.
    fn elapsed(&self) -> Duration;
    /// SIGINT, SIGTERM or SIGHUP has come, by its number.
    fn interrupted(&self) -> Option<i32>;
    /// Asks every balancer for our lines, and what else the phase wants to know.
    async fn balancers(&mut self, ask: Ask) -> Vec<BalancerSeen>;
    /// The connections to the app, where there is a balancer whose leaving workers can't be
    /// asked; None: all of them can. `before`: what the balancers have just shown.
    async fn connections(&mut self, before: &[BalancerSeen])
    -> Option<Result<Connections, String>>;
    /// How long the oldest request to the app has waited, by the host's own TCP table; asked
    /// where `connections` has nothing to tell. Nothing rests on it: it may be of a moment ago,
    /// and is never waited for.
    async fn oldest(&mut self) -> Option<Duration>;
    /// Asks the app whether it is healthy.
    async fn health(&mut self) -> Result<(), String>;
    /// Which instance of the app runs.
    async fn instance(&mut self) -> Option<String>;
    /// What the balancers have shown since the last time, while the gates are closed and nobody
    /// waits for them. Never waits.
    fn shown(&mut self) -> Vec<BalancerSeen>;
    /// What answers the checks although the gates are closed, as far as it can be seen here.
    async fn causes(&mut self) -> Vec<String>;
    /// Does it, once. What the balancers show while the app is touched is told.
    async fn act(&mut self, action: Action, on: OnMeanwhile<'_>) -> ActionResult;
    /// The last action had to move a gate; one that touches the app: to close it again.
    fn moved(&self) -> bool;
    /// Waits until the next look of this phase, which has lasted so long.
    async fn pause(&mut self, phase: &Phase, lasted: Duration);
}

/// Who is told how it goes.
pub trait Progress {
    /// A phase begins, at this time since the operation began.
    fn enters(&mut self, at: Duration, phase: &Phase);
    /// What is waited for now; may come with every look.
    fn waits(&mut self, at: Duration, waiting: &[String]);
    /// Something the operator should know.
    fn notes(&mut self, at: Duration, note: &str);
    /// What one look showed, before it is judged.
    fn sees(&mut self, _at: Duration, _seen: &Observation) {}
    /// How long the oldest request has waited is told, too, so it is worth asking for.
    fn shows_ages(&self) -> bool {
        false
    }
}

/// What is seen meanwhile, of an action that takes its time.
#[derive(Debug)]
pub enum Meanwhile {
    /// One look at one balancer.
    Lines(BalancerSeen),
    /// Why its lines are UP.
    Causes(Vec<String>),
}

/// Is told what is seen meanwhile, and when; returns whether the causes are wanted.
pub type OnMeanwhile<'a> = &'a mut dyn FnMut(Duration, Meanwhile) -> bool;
