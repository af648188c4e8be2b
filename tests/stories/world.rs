//! A host on paper: HAProxy notices a gate some looks later, requests end one by one, the app takes
//! its time. It has no clock and no sockets; a pause is 100 ms.

use crate::paper::{self, Death, TICK, Trace};
use haproxy_gate::haproxy::{
    Answer, BackendCapacity, BalancerObservation, Leaving, Mode, Role, ServerLine, Status,
};
use haproxy_gate::restart::Connections;
use haproxy_gate::restart::switch::Part;
use haproxy_gate::restart::{Action, ActionResult, Ask, GroupLock, PerGate, Phase};
use haproxy_gate::restart::{Host, Meanwhile, OnMeanwhile, lacks_claim};
use std::path::PathBuf;
use std::time::Duration;

/// The script of a story. Times are in ticks.
#[derive(Clone)]
pub struct World {
    pub now: u32,
    /// What happened, in order; the narrator writes into it, too.
    pub trace: Trace,
    /// Main and backup gate.
    pub gates: [bool; 2],
    pub classic: bool,
    /// An operator holds the gates closed.
    pub held: bool,
    /// The position of the gates at first: "put back" means this one.
    pub found_open: PerGate<bool>,
    /// How long HAProxy takes to notice a gate; None: it never does.
    pub notices_after: Option<u32>,
    /// Requests in flight on the main line. When the line is out, one ends at each tick.
    pub in_flight: u64,
    /// The requests never end.
    pub endless: bool,
    pub app_up: bool,
    /// From the restart until healthy; None: never.
    pub healthy_after: Option<u32>,
    pub restart_fails: bool,
    /// The upgrade fails; the new version never becomes healthy; the rollback fails.
    pub upgrade_fails: bool,
    pub upgrade_is_sick: bool,
    pub rollback_fails: bool,
    /// iptables fails this many times.
    pub gate_fails: u32,
    /// The same for the calls that put the gates back, and for no others.
    pub back_fails: u32,
    /// The duration of a look at what answers the checks.
    pub causes_take: u32,
    /// The signal, and its tick.
    pub signal: Option<(u32, i32)>,
    /// Another process flushes the nat table.
    pub flushed_at: Option<u32>,
    /// Another process restores saved rules: the gates are open.
    pub restored_at: Option<u32>,
    /// Another process answers the status ports from then on.
    pub answered_at: Option<u32>,
    /// The balancer is out of sight in this span.
    pub blind: std::ops::Range<u32>,
    /// The state directory disappears.
    pub state_dir_gone: Option<(u32, PathBuf)>,
    /// HAProxy reloads: the leaving worker keeps the requests in flight, and the new worker begins
    /// with all lines UP.
    pub reloaded_at: Option<u32>,
    pub on_leaving_worker: u64,
    /// In this span no other server is UP.
    pub alone: std::ops::Range<u32>,
    /// In this span the other one's first check has failed: it shows `UP 1/2`.
    pub failing: std::ops::Range<u32>,
    /// In this span an operator of HAProxy holds the twin in MAINT.
    pub twin_held: std::ops::Range<u32>,
    /// What the group's lock shows, each from that tick on.
    pub lock: Vec<(u32, GroupLock)>,
    pub death: Death,
    pub restarts: u32,
    /// The actions on the app, in order.
    pub touched: Vec<Action>,
    /// The disk has the new version, and the new version runs.
    pub new: bool,
    pub runs_new: bool,
    /// When each gate last moved, what HAProxy shows of it, when the app restarted.
    pub flipped: [u32; 2],
    pub shown: [bool; 2],
    pub restarted_at: Option<u32>,
    pub moved: bool,
    pub reloaded: bool,
}

impl World {
    pub fn new() -> World {
        World {
            now: 0,
            trace: Trace::default(),
            gates: [true, true],
            classic: false,
            held: false,
            found_open: PerGate {
                main: true,
                twin: Some(true),
            },
            notices_after: Some(3),
            in_flight: 2,
            endless: false,
            app_up: true,
            healthy_after: Some(5),
            restart_fails: false,
            upgrade_fails: false,
            upgrade_is_sick: false,
            rollback_fails: false,
            gate_fails: 0,
            back_fails: 0,
            causes_take: 0,
            signal: None,
            flushed_at: None,
            restored_at: None,
            answered_at: None,
            blind: 0..0,
            state_dir_gone: None,
            reloaded_at: None,
            on_leaving_worker: 0,
            alone: 0..0,
            failing: 0..0,
            twin_held: 0..0,
            lock: Vec::new(),
            death: Death::default(),
            restarts: 0,
            touched: Vec::new(),
            new: false,
            runs_new: false,
            flipped: [0, 0],
            shown: [true, true],
            restarted_at: None,
            moved: false,
            reloaded: false,
        }
    }

    pub fn say(&self, what: &str) {
        self.trace.happens(self.now, what);
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
        let app = if self.runs_new {
            format!("{app}, upgraded")
        } else {
            app.to_owned()
        };
        format!(
            "main gate {}, backup gate {backup}, app {app}, restarted {times} times",
            word(self.gates[0])
        )
    }

    fn healthy(&self) -> bool {
        match (self.restarted_at, self.healthy_after) {
            _ if self.runs_new && self.upgrade_is_sick => false,
            (None, _) => self.app_up,
            (Some(at), Some(after)) => self.now >= at + after,
            (Some(_), None) => false,
        }
    }

    fn is_answered(&self) -> bool {
        self.answered_at.is_some_and(|at| self.now >= at)
    }

    fn tick(&mut self) {
        self.now += 1;
        if self.flushed_at == Some(self.now) {
            self.say("another process flushes the nat table");
            (0..2).for_each(|side| self.set(side, false));
        }
        if self.restored_at == Some(self.now) {
            self.say("another process restores saved rules");
            (0..2).for_each(|side| self.set(side, true));
        }
        if let Some((_, gone)) = self.state_dir_gone.take_if(|(at, _)| *at <= self.now) {
            std::fs::remove_dir_all(gone).unwrap();
        }
        self.reloaded = self.reloaded_at == Some(self.now);
        if self.reloaded {
            self.say("HAProxy is reloaded");
            self.on_leaving_worker = std::mem::take(&mut self.in_flight);
            (self.shown, self.flipped) = ([true, true], [self.now, self.now]);
        }
        if self.answered_at == Some(self.now) {
            self.say("another process listens on the status ports");
        }
        for side in 0..2 {
            let noticed = self
                .notices_after
                .is_some_and(|after| self.now >= self.flipped[side] + after);
            if noticed {
                self.shown[side] = (self.gates[side] && self.healthy()) || self.is_answered();
            }
        }
        if !self.shown[0] && !self.endless {
            self.in_flight = self.in_flight.saturating_sub(1);
        }
        // The requests take longer than the new worker needs to notice the gate.
        let later = self.reloaded_at.is_some_and(|at| self.now >= at + 10);
        if later && !self.endless {
            self.on_leaving_worker = self.on_leaving_worker.saturating_sub(1);
        }
    }

    fn set(&mut self, side: usize, open: bool) {
        if self.gates[side] != open {
            self.gates[side] = open;
            self.flipped[side] = self.now;
        }
    }

    fn line(&self, side: usize) -> ServerLine {
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
        let in_flight = if side == 0 { self.in_flight } else { 0 };
        let line = paper::line(["srvs/web1", "srvs/bkp1"][side], role, up, in_flight);
        match side == 1 && self.twin_held.contains(&self.now) {
            true => ServerLine {
                status: Status::Maint("MAINT".to_owned()),
                out: true,
                proven: false,
                ..line
            },
            false => line,
        }
    }
}

impl Host for World {
    fn elapsed(&self) -> Duration {
        TICK * self.now
    }

    fn interrupted(&self) -> Option<i32> {
        self.signal
            .filter(|(at, _)| self.now >= *at)
            .map(|(_, signal)| signal)
    }

    async fn balancers(&mut self, _part: Part, ask: Ask) -> Vec<BalancerObservation> {
        self.look(ask)
    }

    fn lock(&mut self, _phase: &Phase) -> GroupLock {
        let mut script = self.lock.iter().rev();
        let now = script.find(|(at, _)| *at <= self.now);
        now.map_or(GroupLock::Unused, |(_, lock)| lock.clone())
    }

    fn shown(&mut self) -> Vec<BalancerObservation> {
        self.look(Ask::Lines)
    }

    async fn causes(&mut self, roles: &[Role]) -> Vec<String> {
        self.now += self.causes_take;
        let answered = roles.iter().filter(|_| self.is_answered());
        let cause = |role: &Role| {
            let port = if *role == Role::Main { 2000 } else { 3000 };
            format!("grab (pid 7) listens on the status port {port}")
        };
        answered.map(cause).collect()
    }

    async fn connections(
        &mut self,
        _part: Part,
        _before: &[BalancerObservation],
    ) -> Option<Result<Connections, String>> {
        None
    }

    async fn oldest(&mut self) -> Option<Duration> {
        None
    }

    async fn health(&mut self, _part: Part) -> Result<(), String> {
        if self.healthy() {
            Ok(())
        } else {
            Err("connection refused".to_owned())
        }
    }

    async fn instance(&mut self) -> Option<String> {
        Some(format!("instance {}", self.restarts))
    }

    async fn act(&mut self, action: Action, on: OnMeanwhile<'_>) -> ActionResult {
        if matches!(action, Action::Upgrade | Action::Rollback | Action::Restart) {
            for shown in self.look(Ask::Lines) {
                on(TICK * self.now, Meanwhile::Lines(shown));
            }
        }
        self.death.begins_action();
        let acted = self.acts(action);
        self.death.ends_action();
        acted
    }

    fn moved(&self) -> bool {
        self.moved
    }

    async fn pause(&mut self, _phase: &Phase, _lasted: Duration) {
        self.tick();
        self.death.looks(self.now);
    }
}

impl World {
    fn look(&self, ask: Ask) -> Vec<BalancerObservation> {
        let capacity = BackendCapacity {
            backend: "srvs".to_owned(),
            usable: usize::from(
                !self.alone.contains(&self.now) && !self.failing.contains(&self.now),
            ),
            claimed: Vec::new(),
            unproven: vec!["web2".to_owned(); usize::from(self.failing.contains(&self.now))],
            ..BackendCapacity::default()
        };
        let leaving = Leaving {
            pid: 7,
            line: "srvs/web1".to_owned(),
            in_flight: self.on_leaving_worker,
            mode: Mode::Http,
        };
        let lines = vec![self.line(0), self.line(1)];
        let is_asked = ask != Ask::CapacityIfDue(true) || lacks_claim(&lines);
        let answer = Answer {
            lines,
            backends: Vec::from_iter(is_asked.then_some(capacity)),
            leaving: (ask == Ask::Leaving)
                .then(|| Vec::from_iter((leaving.in_flight > 0).then_some(leaving))),
            errors: None,
        };
        vec![BalancerObservation {
            name: "lb".to_owned(),
            worker: None,
            reloaded: self.reloaded,
            answer: match self.blind.contains(&self.now) {
                true => Err(paper::no_answer()),
                false => Ok(answer),
            },
        }]
    }

    fn acts(&mut self, action: Action) -> ActionResult {
        let touches = matches!(action, Action::Upgrade | Action::Rollback | Action::Restart);
        if touches {
            self.touched.push(action);
        }
        let fails = match action {
            Action::PutBack if self.back_fails > 0 => &mut self.back_fails,
            _ => &mut self.gate_fails,
        };
        if !touches && *fails > 0 {
            *fails -= 1;
            self.say(&format!("{action:?}: the xtables lock is held"));
            return ActionResult::Failed("the xtables lock is held".to_owned());
        }
        let before = self.gates;
        match action {
            Action::CloseMain => self.set(0, false),
            Action::CloseTwin => self.set(1, false),
            Action::CloseBoth => (0..2).for_each(|side| self.set(side, false)),
            Action::OpenBoth => (0..2).for_each(|side| self.set(side, true)),
            Action::PutBack => {
                let found = self.found_open;
                self.set(0, found.main);
                self.set(1, found.twin == Some(true));
            }
            Action::Upgrade if self.upgrade_fails => {
                return ActionResult::Failed("`web-upgrade` failed (exit status: 3)".to_owned());
            }
            Action::Rollback if self.rollback_fails => {
                return ActionResult::Failed("`web-rollback` failed (exit status: 4)".to_owned());
            }
            Action::Upgrade | Action::Rollback => self.new = action == Action::Upgrade,
            Action::Restart if self.restart_fails => {
                return ActionResult::Failed("`web-restart` failed (exit status: 1)".to_owned());
            }
            Action::Restart => {
                assert_eq!(
                    (self.in_flight + self.on_leaving_worker) * u64::from(!self.endless),
                    0,
                    "restarted with requests in flight"
                );
                (self.restarts, self.restarted_at) = (self.restarts + 1, Some(self.now));
                self.runs_new = self.new;
            }
            of_a_switch => unreachable!("{of_a_switch:?} without targets"),
        }
        // A call that changes nothing is no event.
        self.moved = self.gates != before;
        if touches || self.moved {
            self.say(&format!("{action:?}"));
        }
        ActionResult::Done
    }
}
