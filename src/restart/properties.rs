//! The invariants, over random sequences of looks and crashes. A crash loses all but the journal
//! and the kernel's rules. The next operation continues from there.

use super::tests::{blind, limits, observation};
use super::*;
use crate::haproxy::Role::{Main, Twin};
use crate::haproxy::{BackendCapacity, BalancerObservation, ErrorCounts, Floor, Leaving, Mode};
use proptest::prelude::*;
use settle::{Figures, Settle, Share};

/// What a random world shows at one look, and whether the agent dies there: before or after it has
/// acted.
#[derive(Debug, Clone)]
struct Moment {
    look: Observation,
    dies: Option<Dies>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Dies {
    BeforeActing,
    AfterActing,
}

fn any_moment() -> impl Strategy<Value = Moment> {
    let words = [
        "UP", "UP 1/3", "DOWN", "DOWN 1/2", "MAINT", "DRAIN", "NOLB", "no check",
    ];
    let status = || prop::sample::select(words.to_vec());
    let lines = prop::option::weighted(0.9, (status(), 0..2_u64, status(), 0..2_u64));
    let rare = || prop::bool::weighted(0.05);
    let signal = prop::option::weighted(0.02, prop::sample::select(vec![2, 15]));
    let dies = prop::sample::select(vec![Dies::BeforeActing, Dies::AfterActing]);
    let dies = prop::option::weighted(0.05, dies);
    let oddities = (rare(), rare(), rare(), rare(), (rare(), rare(), 1..5_usize));
    (lines, any::<bool>(), signal, oddities, dies).prop_map(
        |(lines, healthy, signal, (failed, reloaded, few, leaving, more), dies)| {
            let (held_by_another, surplus, servers) = more;
            let mut look = match lines {
                Some((main, m, twin, t)) => observation(&[(Main, main, m), (Twin, twin, t)]),
                None => blind(),
            };
            look.connections = Some(Ok(counted(&look, u64::from(surplus))));
            let balancer = &mut look.balancers[0];
            balancer.reloaded = reloaded;
            let backends = vec![BackendCapacity {
                backend: "srvs".into(),
                servers,
                usable: if few { (servers - 1) / 2 } else { servers - 1 },
                claimed: Vec::new(),
                ..BackendCapacity::default()
            }];
            let leaving = Some(match leaving {
                true => vec![Leaving {
                    pid: 7,
                    line: "srvs/web1".into(),
                    in_flight: 1,
                    mode: Mode::Http,
                }],
                false => vec![],
            });
            if let Ok(answer) = &mut balancer.answer {
                // As `DOWN (agent)`: DOWN, but not by the closed gate.
                let held = answer.lines.iter_mut().filter(|_| held_by_another);
                held.for_each(|line| line.out = false);
                (answer.backends, answer.leaving) = (backends, leaving);
            }
            look.action_result = match failed {
                true => ActionResult::Failed("no".into()),
                false => ActionResult::Done,
            };
            look.settle = Some(figures(if held_by_another { 50 } else { 0 }));
            look.health = Some(if healthy { Ok(()) } else { Err("no".into()) });
            look.interrupted = signal;
            Moment { look, dies }
        },
    )
}

/// 100 requests, and so many errors.
fn figures(answers_5xx: u64) -> Figures {
    let ours = ErrorCounts {
        tries: 100,
        answers_5xx,
        ..ErrorCounts::default()
    };
    Figures {
        ours,
        ..Figures::default()
    }
}

/// Every backend that this host serves has enough other servers.
fn floor_holds(look: &Observation, min_available: Floor) -> bool {
    let backends = look.balancers[0].backends().iter();
    let mut served = backends.filter(|capacity| look.serving.contains(&capacity.of("lb")));
    served.all(|capacity| match min_available {
        Floor::Servers(floor) => capacity.usable >= floor,
        Floor::Percent(percent) => capacity.usable * 100 >= capacity.servers * usize::from(percent),
    })
}

/// The host's table: HAProxy's count, and `surplus` more.
fn counted(look: &Observation, surplus: u64) -> Connections {
    let count = Count::at(&look.balancers);
    let open = count.connections.unwrap_or_default() + surplus;
    let of_balancers = [([10, 0, 0, 1].into(), open)].into();
    Connections {
        addresses_known: true,
        ..Connections::new(of_balancers, ByPeer::new(), Ok(count))
    }
}

/// The number of connections in the table that HAProxy does not count.
fn surplus(look: &Observation) -> u64 {
    let Some(Ok(connections)) = &look.connections else {
        return 0;
    };
    let counted = Count::at(&look.balancers).connections.unwrap_or_default();
    connections.of_balancers.values().sum::<u64>() - counted
}

fn any_limits() -> impl Strategy<Value = Limits> {
    let switches = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        prop::sample::select(vec![
            Floor::Servers(0),
            Floor::Servers(1),
            Floor::Percent(50),
        ]),
        1..3_u32,
    );
    let upgrade = (any::<bool>(), any::<bool>());
    let held = prop::bool::weighted(0.3);
    (switches, upgrade, held, any::<bool>()).prop_map(
        |((sticky, proceed, found_open, floor, times), upgrade, held, settles)| Limits {
            settle: settles.then(|| Settle {
                lasts: Duration::from_secs(10),
                errors: Share::hundredths(100).unwrap(),
            }),
            stays_closed: held,
            upgrades: upgrade.0,
            rolls_back: upgrade.1,
            sticky: Duration::from_secs(if sticky { 20 } else { 0 }),
            on_drain_timeout: if proceed {
                OnDrainTimeout::Proceed
            } else {
                OnDrainTimeout::Abort
            },
            healthy_times: times,
            all_found_open: found_open && !held,
            min_available: floor,
            ..limits()
        },
    )
}

/// The host, as far as the invariants need it. A look takes 2 s.
struct Model {
    limits: Limits,
    open: bool,
    restarts: u32,
    /// Restarts since the last change of the app; all of them, if there was none.
    restarts_of_version: u32,
    /// It was changed, and not restarted after that.
    changed: bool,
    /// What this process has done to the app, in order.
    touched: Vec<Action>,
    healthy: u32,
    /// Whether a look at the app's instance shows a restart.
    shows_restart: bool,
}

/// How one process ended.
enum Ended {
    Well(Outcome),
    Died(Phase, Version),
}

impl Model {
    fn acts(&mut self, verb: Verb, phase: &Phase) {
        match phase.action(verb, &self.limits) {
            Some(Action::CloseMain | Action::CloseTwin | Action::CloseBoth) => self.open = false,
            Some(Action::OpenBoth) => self.open = true,
            Some(Action::PutBack) => self.open = self.limits.all_found_open,
            Some(action @ (Action::Upgrade | Action::Rollback)) => {
                (self.changed, self.restarts_of_version) = (true, 0);
                self.touched.push(action);
            }
            Some(Action::Restart) => {
                (self.changed, self.restarts) = (false, self.restarts + 1);
                self.restarts_of_version += 1;
                self.touched.push(Action::Restart);
            }
            Some(of_a_switch) => unreachable!("{of_a_switch:?}"),
            None => {}
        }
    }

    /// Upgrade and rollback happen at most once each, in this order. Each restart is of another
    /// version.
    fn touches_once(&self) -> Result<(), TestCaseError> {
        use Action::{Restart, Rollback, Upgrade};
        let all = [Upgrade, Restart, Rollback, Restart];
        let mut left = all.iter().skip(usize::from(!self.limits.upgrades));
        let once = self
            .touched
            .iter()
            .all(|done| left.any(|next| next == done));
        prop_assert!(once, "touched by {:?}", self.touched);
        let rolls_back = self.limits.upgrades && self.limits.rolls_back;
        prop_assert!(rolls_back || !self.touched.contains(&Rollback));
        prop_assert!(self.restarts_of_version <= 1, "restarted twice");
        Ok(())
    }

    /// Runs one process over the moments. The world does not change after the last one.
    fn run(
        &mut self,
        start: &Start,
        moments: &mut std::iter::Peekable<impl Iterator<Item = Moment>>,
        last: &Observation,
    ) -> Result<Ended, TestCaseError> {
        let (mut phase, mut in_phase, mut elapsed) =
            (start.phase.clone(), Duration::ZERO, Duration::ZERO);
        let (mut signal, mut entered, mut version) = (None, true, start.version.clone());
        let mut serving = self.limits.serving.clone();
        self.touched.clear();
        for _ in 0..1000 {
            let Moment { look, dies } = moments.next().unwrap_or(Moment {
                look: last.clone(),
                dies: None,
            });
            if entered && dies == Some(Dies::BeforeActing) {
                return Ok(Ended::Died(phase, version));
            }
            if entered {
                self.acts(start.verb, &phase);
                self.touches_once()?;
            }
            if dies.is_some() {
                return Ok(Ended::Died(phase, version));
            }
            signal = signal.or(look.interrupted);
            serving.extend(look.balancers.iter().flat_map(BalancerObservation::serving));
            let look = Observation {
                in_phase,
                elapsed,
                serving: serving.clone(),
                version: version.clone(),
                interrupted: signal,
                ..look
            };
            if let Phase::Healthy { .. } = phase {
                self.healthy = match look.health {
                    Some(Ok(())) => self.healthy + 1,
                    _ => 0,
                };
            }
            (in_phase, elapsed) = (
                in_phase + Duration::from_secs(2),
                elapsed + Duration::from_secs(2),
            );
            entered = false;
            match decide(start.verb, &phase, &look, &self.limits) {
                Step::Stay { phase: same, .. } => {
                    prop_assert_eq!(same.name(), phase.name());
                    phase = same;
                }
                Step::Go { to, .. } => {
                    self.holds(start.verb, &phase, &to, &look)?;
                    self.healthy = 0;
                    version = version.at(&to);
                    (phase, in_phase, entered) = (to, Duration::ZERO, true);
                }
                Step::End(outcome) => return Ok(Ended::Well(outcome)),
            }
        }
        prop_assert!(false, "never finishes: {:?}", phase);
        unreachable!()
    }

    /// Checks that a restart waits for requests in flight, lines in rotation, too few servers and
    /// signals, unless the settings allow more. Checks that gates open only before a healthy app.
    fn holds(
        &self,
        verb: Verb,
        from: &Phase,
        to: &Phase,
        look: &Observation,
    ) -> Result<(), TestCaseError> {
        let limits = &self.limits;
        let untouched = !from.touches_app() && !matches!(from, Phase::Healthy { .. });
        if to.touches_app() && untouched {
            let ran_out =
                look.in_phase >= limits.drain && limits.on_drain_timeout == OnDrainTimeout::Proceed;
            let quiet = look.in_flight().is_empty()
                && look.leaving_load() == Counted::All
                && surplus(look) == 0
                && look.reloaded().is_empty();
            let lines = look.balancers[0].lines().iter();
            prop_assert!(lines.clone().all(|line| line.out), "not by the closed gate");
            let out = look.unseen().is_empty()
                && look.not_out(Main).is_empty()
                && look.not_out(Twin).is_empty();
            prop_assert!(out && (quiet || ran_out), "restarted with {:?}", look);
            prop_assert!(look.interrupted.is_none(), "restarted after a signal");
        }
        if *from == Phase::Floor && !matches!(to, Phase::PutBack(_)) {
            let holds = floor_holds(look, limits.min_available);
            prop_assert!(holds, "the floor is broken");
        }
        if *from == Phase::Claim && *to == Phase::Close {
            let shown = look.not_out(Twin).is_empty() || verb == Verb::Stop;
            prop_assert!(shown, "no other host sees the claim");
            prop_assert!(look.too_few_stay(limits).is_empty(), "the floor will break");
        }
        if *to == Phase::Open {
            prop_assert!(
                self.healthy >= limits.healthy_times,
                "opened before healthy"
            );
            // If the restart can't be confirmed, the outcome says so.
            prop_assert!(
                !(self.changed && self.shows_restart),
                "opened what was not restarted"
            );
        }
        Ok(())
    }

    /// The gates are open at the end unless the outcome says otherwise.
    fn ends(&self, asked: Verb, outcome: &Outcome) -> Result<(), TestCaseError> {
        match (outcome, asked) {
            (Outcome::Done { .. }, Verb::Close | Verb::Stop)
            | (Outcome::Undrained(_), Verb::Stop)
            | (Outcome::RestartFailed(_) | Outcome::UpgradeFailed(_), _) => {
                prop_assert!(!self.open);
            }
            (Outcome::NotHealthy(_), Verb::Restart) => prop_assert!(!self.open),
            (
                Outcome::RestartedClosed
                | Outcome::NotHealthyClosed(_)
                | Outcome::RolledBackClosed(_),
                _,
            ) => prop_assert!(!self.open && self.limits.stays_closed),
            // A host that goes down without a look at the floor puts nothing back.
            (Outcome::Interrupted { .. }, Verb::Stop) if !self.limits.checks_capacity() => {
                prop_assert!(!self.open);
            }
            (Outcome::Done { .. } | Outcome::NotBack(_), Verb::Recover) => {
                prop_assert!(self.open || !self.limits.all_found_open);
            }
            (Outcome::Done { .. } | Outcome::NotBack(_), _) => prop_assert!(self.open),
            // Also if it could not be taken out for its rollback.
            (Outcome::Sick(_), _) => prop_assert!(self.open || !self.limits.all_found_open),
            (Outcome::RolledBack { .. }, _) => prop_assert!(self.open && self.limits.rolls_back),
            (
                Outcome::NotOut { .. } | Outcome::DrainRanOut { .. } | Outcome::FloorBroken { .. },
                _,
            ) => prop_assert_eq!(self.open, self.limits.all_found_open),
            // Restarted already: it is finished and opened. Otherwise the gates are as found.
            (
                Outcome::Interrupted { .. } | Outcome::NotHealthy(_) | Outcome::GateFailed { .. },
                _,
            ) => {}
            other => prop_assert!(false, "no such end of a drive: {:?}", other),
        }
        Ok(())
    }

    /// The state that the next process finds in the journal.
    fn left(
        &self,
        start: &Start,
        phase: Phase,
        version: Version,
        before: u32,
    ) -> UnfinishedOperation {
        UnfinishedOperation {
            verb: start.verb,
            phase,
            version,
            restarting: start.verb == Verb::Restart,
            restarted: self
                .shows_restart
                .then_some(self.restarts > before && !self.changed),
            unsure: start.finishes == Some(false),
            switch: None,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn what_always_holds(moments in prop::collection::vec(any_moment(), 1..40), limits in any_limits(),
                         shows_restart in any::<bool>(),
                         verb in prop::sample::select(vec![Verb::Restart, Verb::Close, Verb::Open, Verb::Stop]),
                         then in prop::sample::select(vec![Verb::Restart, Verb::Recover])) {
        let held = limits.stays_closed && verb == Verb::Restart;
        let limits = Limits { stays_closed: held, ..limits };
        let open = limits.all_found_open;
        let upgrades = limits.upgrades;
        let mut model = Model {
            limits, open, restarts: 0, restarts_of_version: 0, changed: false,
            touched: Vec::new(), healthy: 0, shows_restart,
        };
        let last = moments.last().map(|moment| moment.look.clone()).unwrap_or_else(blind);
        let mut moments = moments.into_iter().peekable();
        let (mut asked, mut left) = (verb, None);
        loop {
            let gates = match model.open {
                _ if model.limits.stays_closed => GatesFound::Held,
                true => GatesFound::Open,
                false => GatesFound::ClosedUnexpectedly,
            };
            let before = model.restarts;
            let start = match start(asked, left.as_ref(), gates) {
                Ok(start) => start.within(&model.limits, false),
                Err(NoStart::Nothing(_)) => break,
                Err(NoStart::CutSwitch(_)) => unreachable!(),
                Err(NoStart::Unfinished(_)) => { prop_assert!(!model.open); break }
            };
            match model.run(&start, &mut moments, &last)? {
                Ended::Well(outcome) => { model.ends(asked, &outcome)?; break; }
                Ended::Died(phase, version) => {
                    left = Some(model.left(&start, phase, version, before));
                    asked = then;
                }
            }
        }
        // A hold stays, even if an operation died in the middle.
        prop_assert!(!held || !model.open, "opened what is held");
        // This holds however often it is interrupted and begins again.
        prop_assert!(upgrades || model.restarts <= 1, "restarted {} times", model.restarts);
        if then == Verb::Recover && verb != Verb::Restart {
            prop_assert_eq!(model.restarts, 0, "recover does not restart");
        }
    }
}
