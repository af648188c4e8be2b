//! What one agent sees at one look.

use super::{BALANCERS, Host, UnderWay};

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
    pub lines: [u32; BALANCERS],
    /// Its clock.
    pub clock: Clock,
    /// Its app answers.
    pub app: bool,
    /// Its gates are all open.
    pub all_open: bool,
    /// Its main gate is open.
    pub main_open: bool,
    /// The balancers on which the line of the settings is held in MAINT.
    pub held: [bool; BALANCERS],
    /// It has two targets.
    pub two: Option<TwoSeen>,
}

/// What an agent sees of two targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TwoSeen {
    /// The new target answers.
    pub new_answers: bool,
    /// The targets with a request in flight.
    pub busy: [bool; 2],
}

impl Look {
    /// The health of a line of a host on a balancer. Lines 0 and 1 are the main line and the twin of the
    /// first target, 2 and 3 those of the second one.
    pub fn health(&self, balancer: usize, host: usize, line: usize) -> u8 {
        let bits = self.lines[balancer] >> (8 * host + 2 * line);
        (bits & 3) as u8
    }

    /// The same, with the lines of its own host alone.
    pub fn of_own_lines(&self) -> Look {
        let own = 0xff << (8 * self.host);
        Look {
            lines: self.lines.map(|lines| lines & own),
            ..*self
        }
    }
}

impl TwoSeen {
    pub(crate) fn of(host: &Host) -> Option<TwoSeen> {
        let two = host.two.as_ref()?;
        Some(TwoSeen {
            new_answers: two.app,
            busy: two.busy,
        })
    }
}
