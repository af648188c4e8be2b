//! A host with two targets, and what a switch does to them. Target 0 serves at the beginning, and target 1 is
//! to serve.

use super::{BALANCERS, Effect, Host, Settings, Twin};

/// What a host that switches has beside its first target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Two {
    /// The gates of the new target, main and twin: open or not.
    pub gates: [bool; 2],
    /// The new target answers.
    pub app: bool,
    /// The new target has failed, and does not come up again.
    pub failed: bool,
    /// The health of its lines, by balancer and side.
    pub lines: [[u8; 2]; BALANCERS],
    /// The targets that run, whether they answer or not.
    pub runs: [bool; 2],
    /// The targets whose port is redirected to the other one.
    pub parked: [bool; 2],
    /// The targets with a request in flight.
    pub busy: [bool; 2],
    /// The target that is recorded as current.
    pub current: u8,
}

const OPEN: [bool; 2] = [true; 2];
const CLOSED: [bool; 2] = [false; 2];

impl Two {
    pub(crate) fn new() -> Two {
        Two {
            gates: CLOSED,
            app: false,
            failed: false,
            lines: [[0; 2]; BALANCERS],
            runs: [true, false],
            parked: [false, true],
            busy: [false; 2],
            current: 0,
        }
    }

    /// At rest the target that is not current is parked.
    pub(crate) fn park_at_rest(&mut self) {
        self.parked = [self.current == 1, self.current == 0];
    }
}

impl Host {
    pub(crate) fn gates_of(&self, target: usize) -> [bool; 2] {
        match (target, &self.two) {
            (1, Some(two)) => two.gates,
            _ => self.gates,
        }
    }

    pub(crate) fn answers(&self, target: usize) -> bool {
        match (target, &self.two) {
            (1, Some(two)) => two.app,
            _ => self.app,
        }
    }

    /// The targets by their numbers: one or two.
    pub(crate) fn targets(&self) -> std::ops::Range<usize> {
        0..1 + usize::from(self.two.is_some())
    }

    pub(crate) fn health(&self, balancer: usize, target: usize, side: usize) -> u8 {
        match (target, &self.two) {
            (1, Some(two)) => two.lines[balancer][side],
            _ => self.lines[balancer][side],
        }
    }

    pub(crate) fn set_health(&mut self, balancer: usize, target: usize, side: usize, health: u8) {
        match (target, &mut self.two) {
            (1, Some(two)) => two.lines[balancer][side] = health,
            _ => self.lines[balancer][side] = health,
        }
    }

    /// The target that gets what is sent to the port of this one.
    pub(crate) fn behind(&self, target: usize) -> usize {
        match &self.two {
            Some(two) if two.parked[target] => 1 - target,
            _ => target,
        }
    }

    /// What an action of a switch does to this host.
    pub(crate) fn act_on_two(&mut self, effect: Effect) {
        let Some(two) = &mut self.two else { return };
        match effect {
            Effect::ServeOld => (self.gates, two.gates) = (OPEN, CLOSED),
            Effect::Start => {
                (self.gates, two.gates) = (OPEN, CLOSED);
                (two.runs[1], two.app, two.failed) = (true, false, false);
            }
            Effect::Unpark => {
                (self.gates, two.gates) = (OPEN, CLOSED);
                two.parked = [false; 2];
            }
            Effect::Join => {
                (self.gates, two.gates) = (OPEN, OPEN);
                two.parked = [false; 2];
            }
            Effect::Leave => {
                (self.gates, two.gates) = (CLOSED, OPEN);
                two.current = 1;
            }
            Effect::TakeBack => {
                self.gates = OPEN;
                (two.current, two.parked) = (0, [false; 2]);
            }
            Effect::Withdraw => {
                (self.gates, two.gates) = (OPEN, CLOSED);
                (two.current, two.parked) = (0, [false; 2]);
            }
            Effect::Park(idle) => {
                two.parked = [idle == 0, idle == 1];
                self.serve_without(idle);
            }
            Effect::Stop(idle) => {
                two.runs[usize::from(idle)] = false;
                let app = if idle == 0 {
                    &mut self.app
                } else {
                    &mut two.app
                };
                *app = false;
                self.serve_without(idle);
            }
            _ => {}
        }
    }

    fn serve_without(&mut self, idle: u8) {
        let Some(two) = &mut self.two else { return };
        (self.gates, two.gates) = match idle {
            0 => (CLOSED, OPEN),
            _ => (OPEN, CLOSED),
        };
    }

    /// A balancer sends users to this target.
    pub(crate) fn is_sent_to(&self, settings: &Settings, target: usize) -> bool {
        let sides = if settings.twin == Twin::None { 1 } else { 2 };
        let is_up = |line: usize| {
            let mut balancers = 0..settings.balancers;
            balancers.any(|one| (0..sides).any(|side| settings.is_up(self.health(one, line, side))))
        };
        let mut lines = self.targets();
        lines.any(|line| self.behind(line) == target && is_up(line))
    }
}
