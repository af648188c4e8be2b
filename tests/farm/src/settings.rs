//! What a farm is, and what may happen in it.

use super::Clock;

/// The second line of each host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// There is none: the single layout.
    None,
    /// It checks the app itself: the classic layout.
    App,
    /// It has a gate of its own: two-stage.
    Gate,
}

/// The lock of the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// There is none.
    None,
    /// An agent has it until its operation ends, or until the one ends that comes after its death.
    Kept,
    /// The same, but the lease of a holder that died ends once each balancer shows its closed gates. Another
    /// agent may take it then.
    Ends,
    /// The lease of any holder may end at any moment, as if the holder was paused. The holder notices that at
    /// any later look, or never.
    Expires,
    /// The same, and its server may not answer. An agent goes on without it then.
    Away,
}

/// The app of the first host at the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// It runs.
    Runs,
    /// It has failed, and only its restart brings it up.
    Failed,
    /// It has failed, and comes up at any moment or by its restart.
    Flaps,
}

/// The new target of each host that switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum New {
    /// It comes up at any moment after its start.
    Well,
    /// It never comes up.
    Sick,
    /// It comes up, and may fail at any moment of the switch. It does not come up again.
    Fails,
}

/// What a farm is, and what may happen in it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The number of hosts. Each is to be restarted once, except those that switch and those that only serve.
    pub hosts: usize,
    /// The first ones switch to their second target once.
    pub switching: usize,
    /// The last ones only serve.
    pub at_rest: usize,
    /// The number of balancers, 1 or 2.
    pub balancers: usize,
    /// Other usable servers that must be left.
    pub min_available: usize,
    /// The second line of each host.
    pub twin: Twin,
    /// Good checks until a line is UP.
    pub rise: u8,
    /// Bad checks until a line is DOWN. `rise` + `fall` is 4 at most.
    pub fall: u8,
    /// How many agents may die.
    pub crashes: u8,
    /// How many times a balancer may be reloaded.
    pub reloads: u8,
    /// Ctrl-C may come.
    pub interrupts: bool,
    /// A line goes DOWN only when each agent under way has looked, and acted, since the first
    /// failed check. This does not hold for the first check after a reload.
    pub in_time: bool,
    /// An agent looks at one balancer after the other, with time in between.
    pub one_by_one: bool,
    /// What an agent may find its clock to show.
    pub clocks: &'static [Clock],
    /// The lock of the group.
    pub lock: Lock,
    /// How many agents may have it at once.
    pub slots: u32,
    /// The app of the first host.
    pub first: First,
    /// The line of the first host that an operator of HAProxy holds in MAINT. One of the first target is held
    /// on each balancer as the search begins. One of the second target may be held at any moment before the
    /// gates of that target open. Both may end at any moment.
    pub held: Option<usize>,
    /// The new targets.
    pub new: New,
    /// Users have requests in flight on the targets of hosts that switch.
    pub requests: bool,
}

impl Settings {
    /// A line's health once it is proven UP.
    pub fn most(&self) -> u8 {
        self.rise + self.fall - 1
    }

    /// HAProxy sends users to a line with this health.
    pub fn is_up(&self, health: u8) -> bool {
        health >= self.rise
    }

    /// The health of a line after a check, as HAProxy counts.
    pub(crate) fn checked(&self, health: u8, answers: bool) -> u8 {
        match (answers, self.is_up(health)) {
            (true, true) => self.most(),
            (true, false) if health + 1 >= self.rise => self.most(),
            (true, false) => health + 1,
            (false, true) if health > self.rise => health - 1,
            (false, _) => 0,
        }
    }
}
