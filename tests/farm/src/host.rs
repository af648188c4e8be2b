//! One host of the farm.

use super::{BALANCERS, LockSeen, Two};

/// What an agent does to its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// Closes the main gate.
    CloseMain,
    /// Closes the twin's gate.
    CloseTwin,
    /// Closes both gates.
    CloseBoth,
    /// Opens both gates.
    OpenBoth,
    /// Restarts the app.
    Restart,
    /// A switch: opens the gates of the first target, and closes those of the second one.
    ServeOld,
    /// The same, and the second one is started.
    Start,
    /// The same, and no port is parked.
    Unpark,
    /// Opens all gates.
    Join,
    /// Closes the gates of the first target, and records the second one as current.
    Leave,
    /// Opens the gates of the first target, and records it as current.
    TakeBack,
    /// The same, and closes those of the second one.
    Withdraw,
    /// Closes the gates of this target, and redirects its port to the other one.
    Park(u8),
    /// Closes the gates of this target, and stops it.
    Stop(u8),
}

/// What the host's agent is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Life {
    /// It was not started, or has put back the gates.
    Idle,
    /// It runs.
    Runs,
    /// It died, and its journal is left.
    Died,
    /// The app was restarted, and the operation has ended.
    Done,
}

/// An operation under way. The numbers are those of the [`Agent`](super::Agent).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct UnderWay {
    /// Its phase.
    pub phase: u8,
    /// Its verb.
    pub verb: u8,
    /// The balancers that the host serves, as bits.
    pub serving: u8,
    /// The balancers on which no other host has seen its claim, as bits.
    pub unclaimed: u8,
    /// The hosts that had claimed before it began, as bits.
    pub claimed_before: u8,
    /// Ctrl-C has come.
    pub interrupted: bool,
    /// What its agent has last seen of the lock. It may be old.
    pub lock: LockSeen,
}

/// In `owed`: a check has failed. An unproven line without it is that of a reload.
pub(crate) const FAILED: u8 = 1 << 7;

/// One host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Host {
    /// What its agent is about.
    pub life: Life,
    /// The operation under way, or the one that died.
    pub under_way: UnderWay,
    /// The agent has decided on this, and not done it yet.
    pub acts: Option<Effect>,
    /// The gates, main and twin: open or not.
    pub gates: [bool; 2],
    /// The app answers.
    pub app: bool,
    /// The operation has restarted it.
    pub restarted: bool,
    /// The health of its lines, by balancer and side.
    pub lines: [[u8; 2]; BALANCERS],
    /// The agents that have not looked since a first failed check of its main line, as bits.
    pub owed: [u8; BALANCERS],
    /// What the agent has seen of one balancer, if it looks one by one.
    pub seen: Option<(u8, u32)>,
    /// The rest of a host that switches.
    pub two: Option<Two>,
}

impl Host {
    pub(crate) fn new(most: u8) -> Host {
        Host {
            life: Life::Idle,
            under_way: UnderWay::default(),
            acts: None,
            gates: [true; 2],
            app: true,
            restarted: false,
            lines: [[most; 2]; BALANCERS],
            owed: [0; BALANCERS],
            seen: None,
            two: None,
        }
    }

    /// Each balancer shows the lines behind its closed gates DOWN.
    pub(crate) fn is_seen(&self, balancers: usize) -> bool {
        let mut targets = self.targets();
        let is_right = |balancer: usize, target: usize, side: usize| {
            self.gates_of(target)[side] || self.health(balancer, target, side) == 0
        };
        targets.all(|target| {
            (0..balancers).all(|balancer| (0..2).all(|side| is_right(balancer, target, side)))
        })
    }

    /// The effect is not there yet.
    pub(crate) fn needs(&self, effect: Effect) -> bool {
        match effect {
            Effect::CloseMain => self.gates[0],
            Effect::CloseTwin => self.gates[1],
            Effect::CloseBoth => self.gates != [false; 2],
            Effect::OpenBoth => self.gates != [true; 2],
            Effect::Restart => true,
            of_two => {
                let mut after = *self;
                after.act_on_two(of_two);
                after != *self
            }
        }
    }

    pub(crate) fn act(&mut self, effect: Effect) {
        match effect {
            Effect::CloseMain => self.gates[0] = false,
            Effect::CloseTwin => self.gates[1] = false,
            Effect::CloseBoth => self.gates = [false; 2],
            Effect::OpenBoth => self.gates = [true; 2],
            Effect::Restart => (self.app, self.restarted) = (false, true),
            of_two => self.act_on_two(of_two),
        }
    }

    /// The agent is gone, and knows nothing any more.
    pub(crate) fn forget(&mut self) {
        (self.acts, self.seen) = (None, None);
        self.under_way.serving = 0;
        self.under_way.unclaimed = 0;
        self.under_way.claimed_before = 0;
        self.under_way.interrupted = false;
        self.under_way.lock = LockSeen::Unused;
    }
}
