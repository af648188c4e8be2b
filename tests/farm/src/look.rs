//! What one agent sees at one look.

use super::{BALANCERS, UnderWay};

/// What the clock of an agent shows at a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Clock {
    /// Its phase has just begun.
    Early,
    /// Its next turn has come.
    Turn,
    /// The time of its phase is up.
    Late,
    /// So is the time for all its turns.
    Spent,
}

/// What an agent sees of the group's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum LockSeen {
    /// It takes none.
    #[default]
    Unused,
    /// Its host is out of rotation, so it asks for none yet.
    NotNeeded,
    /// It has asked for it.
    Asked,
    /// It has it.
    Held,
    /// Another agent has it.
    Full,
    /// The lock's server does not answer.
    Away,
    /// It had it, and has noticed that it has it no longer.
    Lost,
}

/// What one agent sees at one look, and what it knows. The same look gives the same decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Look {
    /// The number of its host.
    pub host: usize,
    /// What it is about.
    pub under_way: UnderWay,
    /// All lines, packed, by balancer.
    pub lines: [u16; BALANCERS],
    /// Its clock.
    pub clock: Clock,
    /// Its app answers.
    pub app: bool,
    /// Its gates are all open.
    pub all_open: bool,
    /// Its main gate is open.
    pub main_open: bool,
}

impl Look {
    /// The health of a line of a host on a balancer. Side 0 is the main line, 1 the twin.
    pub fn health(&self, balancer: usize, host: usize, side: usize) -> u8 {
        let bits = self.lines[balancer] >> (4 * host + 2 * side);
        (bits & 3) as u8
    }
}
