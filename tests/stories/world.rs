//! A host on paper: HAProxy notices a gate some looks later, requests end one by one, the
//! app takes its time. No clock, no sockets; a pause is 100 ms.

use haproxy_gate::driver::Host;
use haproxy_gate::haproxy::{Role, Status};
use haproxy_gate::restart::{Acted, Action, BalancerSeen, LineSeen, Phase};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

pub const TICK: Duration = Duration::from_millis(100);

/// The script of a story. Times are in ticks.
#[derive(Clone)]
pub struct World {
    pub now: u32,
    /// What was done and told, in order; the teller of the story writes into it, too.
    pub trace: Rc<RefCell<Vec<String>>>,
    /// Main and backup gate.
    pub gates: [bool; 2],
    pub classic: bool,
    /// How the gates were found: what putting back means.
    pub found_open: Vec<bool>,
    /// How long HAProxy takes to notice a gate; None: it never does.
    pub notices_after: Option<u32>,
    /// Requests in flight on the main line; one ends per tick once it is out.
    pub in_flight: u64,
    /// The requests never end.
    pub endless: bool,
    pub app_up: bool,
    /// From the restart until healthy; None: never.
    pub healthy_after: Option<u32>,
    pub restart_fails: bool,
    /// iptables fails this many times.
    pub gate_fails: u32,
    /// The signal that comes, and when.
    pub signal: Option<(u32, i32)>,
    /// Somebody flushes the nat table.
    pub flushed_at: Option<u32>,
    /// The balancer can't be seen in this span.
    pub blind: std::ops::Range<u32>,
    /// The process is killed at this tick.
    pub killed_at: Option<u32>,
    pub restarts: u32,
    /// When each gate last moved, what HAProxy shows of it, when the app was restarted.
    pub flipped: [u32; 2],
    pub shown: [bool; 2],
    pub restarted_at: Option<u32>,
}

impl World {
    pub fn new() -> World {
        World {
            now: 0,
            trace: Rc::default(),
            gates: [true, true],
            classic: false,
            found_open: vec![true, true],
            notices_after: Some(3),
            in_flight: 2,
            endless: false,
            app_up: true,
            healthy_after: Some(5),
            restart_fails: false,
            gate_fails: 0,
            signal: None,
            flushed_at: None,
            blind: 0..0,
            killed_at: None,
            restarts: 0,
            flipped: [0, 0],
            shown: [true, true],
            restarted_at: None,
        }
    }

    pub fn say(&mut self, what: &str) {
        let at = (TICK * self.now).as_secs_f64();
        self.trace.borrow_mut().push(format!("{at:6.1}s    {what}"));
    }

    /// One line for the end of a story.
    pub fn left(&self) -> String {
        let word = |open: bool| if open { "open" } else { "closed" };
        let app = if self.healthy() {
            "healthy"
        } else {
            "not healthy"
        };
        let backup = if self.classic {
            "none"
        } else {
            word(self.gates[1])
        };
        let times = self.restarts;
        format!(
            "main gate {}, backup gate {backup}, app {app}, restarted {times} times",
            word(self.gates[0])
        )
    }

    fn healthy(&self) -> bool {
        match (self.restarted_at, self.healthy_after) {
            (None, _) => self.app_up,
            (Some(at), Some(after)) => self.now >= at + after,
            (Some(_), None) => false,
        }
    }

    fn tick(&mut self) {
        self.now += 1;
        if self.flushed_at == Some(self.now) {
            self.say("somebody flushes the nat table");
            (0..2).for_each(|side| self.set(side, false));
        }
        for side in 0..2 {
            let noticed = self
                .notices_after
                .is_some_and(|after| self.now >= self.flipped[side] + after);
            if noticed {
                self.shown[side] = self.gates[side] && self.healthy();
            }
        }
        if !self.shown[0] && !self.endless {
            self.in_flight = self.in_flight.saturating_sub(1);
        }
    }

    fn set(&mut self, side: usize, open: bool) {
        if self.gates[side] != open {
            self.gates[side] = open;
            self.flipped[side] = self.now;
        }
    }

    fn line(&self, side: usize) -> LineSeen {
        let role = match (side, self.classic) {
            (0, _) => Role::Main,
            (_, false) => Role::Twin,
            (_, true) => Role::ClassicTwin,
        };
        let up = if role == Role::ClassicTwin {
            self.healthy()
        } else {
            self.shown[side]
        };
        LineSeen {
            name: ["srvs/web1", "srvs/bkp1"][side].to_owned(),
            role,
            status: Status::parse(if up { "UP" } else { "DOWN" }).unwrap(),
            proven: up,
            in_flight: if side == 0 { self.in_flight } else { 0 },
            sessions: 0,
        }
    }
}

/// The panic that stands for SIGKILL.
pub const KILLED: &str = "killed";

impl Host for World {
    fn elapsed(&self) -> Duration {
        TICK * self.now
    }

    fn interrupted(&self) -> Option<i32> {
        self.signal
            .filter(|(at, _)| self.now >= *at)
            .map(|(_, signal)| signal)
    }

    async fn balancers(&mut self) -> Vec<BalancerSeen> {
        let lines = match self.blind.contains(&self.now) {
            true => Err("no complete answer within 2s".to_owned()),
            false => Ok(vec![self.line(0), self.line(1)]),
        };
        vec![BalancerSeen {
            name: "lb".to_owned(),
            lines,
            reloaded: false,
        }]
    }

    async fn health(&mut self) -> Result<(), String> {
        if self.healthy() {
            Ok(())
        } else {
            Err("connection refused".to_owned())
        }
    }

    async fn instance(&mut self) -> Option<String> {
        Some(format!("instance {}", self.restarts))
    }

    async fn act(&mut self, action: Action) -> Acted {
        if action != Action::Restart && self.gate_fails > 0 {
            self.gate_fails -= 1;
            self.say(&format!("{action:?}: the xtables lock is held"));
            return Acted::Failed("the xtables lock is held".to_owned());
        }
        let before = self.gates;
        match action {
            Action::CloseMain => self.set(0, false),
            Action::CloseBoth => (0..2).for_each(|side| self.set(side, false)),
            Action::OpenBoth => (0..2).for_each(|side| self.set(side, true)),
            Action::PutBack => (0..2).for_each(|side| self.set(side, self.found_open[side])),
            Action::Restart if self.restart_fails => {
                return Acted::Failed("`web-restart` failed (exit status: 1)".to_owned());
            }
            Action::Restart => {
                assert_eq!(
                    self.in_flight * u64::from(!self.endless),
                    0,
                    "restarted with requests in flight"
                );
                (self.restarts, self.restarted_at) = (self.restarts + 1, Some(self.now));
            }
        }
        // An ensure that finds it so is no event.
        if action == Action::Restart || self.gates != before {
            self.say(&format!("{action:?}"));
        }
        Acted::Done
    }

    async fn pause(&mut self, _phase: &Phase) {
        self.tick();
        if self.killed_at.is_some_and(|at| self.now >= at) {
            std::panic::resume_unwind(Box::new(KILLED));
        }
    }
}
