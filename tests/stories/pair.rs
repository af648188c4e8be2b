//! A host on paper with two targets of one app. HAProxy notices a gate some looks later, requests end
//! one by one. At every tick some healthy target must be open.

use crate::world::{KILLED, TICK};
use haproxy_gate::haproxy::{
    Answer, BackendErrors, BalancerObservation, ErrorCounts, Mode, Role, ServerLine, Status,
};
use haproxy_gate::restart::switch::Part;
use haproxy_gate::restart::{Action, ActionResult, Ask, Connections, Host, OnMeanwhile, Phase};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// The script of a story. Times are in ticks. Blue is the old target, green the new one.
#[derive(Clone)]
pub struct Pair {
    pub now: u32,
    pub trace: Rc<RefCell<Vec<String>>>,
    pub blue: Instance,
    pub green: Instance,
    /// The target that is recorded as current.
    pub current: Part,
    /// How often the new target was prepared.
    pub prepared: u32,
    pub prepare_fails: bool,
    pub start_fails: bool,
    pub verify_fails: bool,
    /// From its start until the new target is healthy; None: never.
    pub healthy_after: Option<u32>,
    /// From then on the new target answers with 500 only.
    pub fails_at: Option<u32>,
    /// The signal, and its tick.
    pub signal: Option<(u32, i32)>,
    /// Requests on the old target never end.
    pub endless: bool,
    pub killed_at: Option<u32>,
    /// It is killed at this action (the first is 1): before the action, or after it.
    pub killed_acting: Option<(u32, bool)>,
    pub actions: u32,
    pub moved: bool,
}

/// One target.
#[derive(Clone)]
pub struct Instance {
    name: &'static str,
    /// Main and twin.
    pub gates: [bool; 2],
    pub runs: bool,
    pub parked: bool,
    healthy_from: u32,
    in_flight: u64,
    shown: bool,
    flipped: u32,
    requests: u64,
    failed: u64,
}

impl Instance {
    fn new(name: &'static str, serves: bool) -> Instance {
        Instance {
            name,
            gates: [serves; 2],
            runs: serves,
            parked: !serves,
            healthy_from: 0,
            in_flight: if serves { 2 } else { 0 },
            shown: serves,
            flipped: 0,
            requests: 0,
            failed: 0,
        }
    }

    fn set(&mut self, open: bool, now: u32) -> bool {
        let moves = self.gates != [open; 2];
        if moves {
            (self.gates, self.flipped) = ([open; 2], now);
        }
        moves
    }

    fn is_open(&self) -> bool {
        self.gates == [true; 2]
    }

    fn line(&self, side: usize) -> ServerLine {
        ServerLine {
            name: format!("srvs/{}-{}", ["w1", "t1"][side], self.name),
            role: [Role::Main, Role::Twin][side],
            backup: side == 1,
            status: Status::parse(if self.shown { "UP" } else { "DOWN" }).unwrap(),
            out: !self.shown,
            check: None,
            proven: self.shown,
            in_flight: if side == 0 { self.in_flight } else { 0 },
            mode: Mode::Http,
            sessions: 0,
            connections: Some(0),
        }
    }
}

/// From a gate's move until HAProxy shows it.
const NOTICES_AFTER: u32 = 3;

impl Pair {
    pub fn new() -> Pair {
        Pair {
            now: 0,
            trace: Rc::default(),
            blue: Instance::new("blue", true),
            green: Instance::new("green", false),
            current: Part::Old,
            prepared: 0,
            prepare_fails: false,
            start_fails: false,
            verify_fails: false,
            healthy_after: Some(5),
            fails_at: None,
            signal: None,
            endless: false,
            killed_at: None,
            killed_acting: None,
            actions: 0,
            moved: false,
        }
    }

    /// One line for the end of a story.
    pub fn left(&self) -> String {
        let of = |one: &Instance| {
            let word = |is: bool, yes, no| if is { yes } else { no };
            format!(
                "{} {}, {}, {}",
                one.name,
                word(one.is_open(), "open", "closed"),
                word(one.runs, "runs", "stopped"),
                word(one.parked, "parked", "not parked")
            )
        };
        let current = if self.current == Part::Old {
            "blue"
        } else {
            "green"
        };
        format!(
            "{}; {}; current: {current}",
            of(&self.blue),
            of(&self.green)
        )
    }

    pub fn say(&self, what: &str) {
        let at = (TICK * self.now).as_secs_f64();
        self.trace.borrow_mut().push(format!("{at:6.1}s    {what}"));
    }

    fn at(&mut self, part: Part) -> &mut Instance {
        match part {
            Part::Old => &mut self.blue,
            Part::New => &mut self.green,
        }
    }

    fn is_healthy(&self, part: Part) -> bool {
        match part {
            Part::Old => self.blue.runs,
            Part::New => self.green.runs && self.now >= self.green.healthy_from,
        }
    }

    fn tick(&mut self) {
        self.now += 1;
        let now = self.now;
        for part in [Part::Old, Part::New] {
            let healthy = self.is_healthy(part);
            let endless = self.endless && part == Part::Old;
            let fails = part == Part::New && self.fails_at.is_some_and(|at| now >= at);
            let one = self.at(part);
            if now >= one.flipped + NOTICES_AFTER {
                one.shown = one.is_open() && healthy;
            }
            match one.shown {
                true => {
                    one.in_flight = 2;
                    one.requests += 5;
                    one.failed += if fails { 5 } else { 0 };
                }
                false if !endless => one.in_flight = one.in_flight.saturating_sub(1),
                false => {}
            }
        }
        let open = |part, one: &Instance| one.is_open() && self.is_healthy(part);
        assert!(
            open(Part::Old, &self.blue) || open(Part::New, &self.green),
            "no healthy target is open: {}",
            self.left()
        );
    }

    fn dies_if(&self, dies: bool) {
        if dies {
            std::panic::resume_unwind(Box::new(KILLED));
        }
    }

    fn set(&mut self, part: Part, open: bool) {
        let now = self.now;
        self.moved |= self.at(part).set(open, now);
    }

    fn stop(&mut self, part: Part) {
        let one = self.at(part);
        assert!(
            one.gates == [false; 2] && one.in_flight == 0,
            "{} is stopped",
            one.name
        );
        one.runs = false;
    }

    fn acts(&mut self, action: Action) -> ActionResult {
        let failed = |why: &str| ActionResult::Failed(why.to_owned());
        let before = self.left();
        self.moved = false;
        match action {
            Action::Prepare => {
                self.prepared += 1;
                assert_eq!(self.prepared, 1, "prepared again");
                if self.prepare_fails {
                    return failed("`web-install` failed (exit status: 1)");
                }
            }
            Action::Start if self.start_fails => return failed("green.service failed"),
            Action::Start => {
                if self.green.runs {
                    self.stop(Part::New);
                }
                self.green.runs = true;
                self.green.healthy_from = self.healthy_after.map_or(u32::MAX, |it| self.now + it);
            }
            Action::Verify if self.verify_fails => return failed("`smoke` failed"),
            Action::Verify => {}
            Action::Unpark => self.green.parked = false,
            Action::Join => {
                self.green.parked = false;
                self.set(Part::New, true);
                self.set(Part::Old, true);
            }
            Action::LeaveMain | Action::LeaveBoth => {
                self.current = Part::New;
                self.set(Part::New, true);
                self.set(Part::Old, false);
            }
            Action::TakeBack | Action::Withdraw => {
                self.current = Part::Old;
                self.blue.parked = false;
                self.set(Part::Old, true);
                if action == Action::Withdraw {
                    self.set(Part::New, false);
                }
            }
            Action::Park(part) => {
                self.set(part.other(), true);
                self.set(part, false);
                self.at(part).parked = true;
            }
            Action::Stop(part) => self.stop(part),
            other => unreachable!("{other:?} in a switch"),
        }
        if self.left() != before || matches!(action, Action::Prepare | Action::Verify) {
            self.say(&format!("{action:?}"));
        }
        ActionResult::Done
    }
}

impl Host for Pair {
    fn elapsed(&self) -> Duration {
        TICK * self.now
    }

    fn interrupted(&self) -> Option<i32> {
        let due = self.signal.filter(|(at, _)| self.now >= *at);
        due.map(|(_, signal)| signal)
    }

    async fn balancers(&mut self, part: Part, ask: Ask) -> Vec<BalancerObservation> {
        let one = self.at(part);
        let errors = BackendErrors {
            backend: "srvs".to_owned(),
            ours: ErrorCounts {
                tries: one.requests,
                requests: one.requests,
                answers_5xx: one.failed,
                ..ErrorCounts::default()
            },
            others: ErrorCounts::default(),
        };
        vec![BalancerObservation {
            name: "lb".to_owned(),
            worker: None,
            reloaded: false,
            answer: Ok(Answer {
                lines: vec![one.line(0), one.line(1)],
                backends: Vec::new(),
                leaving: (ask == Ask::Leaving).then(Vec::new),
                errors: (ask == Ask::Errors).then(|| vec![errors]),
            }),
        }]
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

    async fn health(&mut self, part: Part) -> Result<(), String> {
        match self.is_healthy(part) {
            true => Ok(()),
            false => Err("connection refused".to_owned()),
        }
    }

    async fn instance(&mut self) -> Option<String> {
        None
    }

    fn shown(&mut self) -> Vec<BalancerObservation> {
        Vec::new()
    }

    async fn causes(&mut self, _roles: &[Role]) -> Vec<String> {
        Vec::new()
    }

    async fn act(&mut self, action: Action, _on: OnMeanwhile<'_>) -> ActionResult {
        self.actions += 1;
        self.dies_if(self.killed_acting == Some((self.actions, false)));
        let acted = self.acts(action);
        self.dies_if(self.killed_acting == Some((self.actions, true)));
        acted
    }

    fn moved(&self) -> bool {
        self.moved
    }

    async fn pause(&mut self, _phase: &Phase, _lasted: Duration) {
        self.tick();
        self.dies_if(self.killed_at.is_some_and(|at| self.now >= at));
    }
}
