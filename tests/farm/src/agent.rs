//! What decides for the agents.

use super::{Command, Effect, Look, UnderWay};

/// What an operation that died has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Left {
    /// Its phase and verb.
    pub under_way: UnderWay,
    /// The app has been restarted.
    pub restarted: bool,
}

/// An operation that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// Its first phase.
    pub under_way: UnderWay,
    /// What that phase does.
    pub effect: Option<Effect>,
}

/// What an agent has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// It looks again.
    Stays(UnderWay),
    /// It enters a phase, and does this.
    Goes(UnderWay, Option<Effect>),
    /// The operation has ended.
    Ends,
}

/// What decides for the agents. It has no state.
pub trait Agent: Send + Sync {
    /// An operator starts an agent. None: it refuses, or there is nothing to do.
    fn begins(&self, look: &Look, command: Command, left: Option<Left>) -> Option<Begun>;
    /// What an agent that dies leaves, with its gates all open or not. Of all that lead to the same
    /// operations it is always the same one.
    fn leaves(&self, left: Left, all_open: bool) -> UnderWay;
    /// An agent looks.
    fn decides(&self, look: &Look) -> Decided;
    /// The name of a phase.
    fn name(&self, phase: u8) -> String;
}
