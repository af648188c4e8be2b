//! The core of the program decides for the agents of the farm.

use super::begin::gates_found;
use super::flaw::Flaw;
use super::inputs::{backends, bits, limits, observation, served};
use super::memory::{Looks, Memory, Shown};
use super::phases::{self, TURN, effect, number, phase_of, verb_of};
use super::shown;
use farm::{Agent, BALANCERS, Begun, Command, Decided, Left, LockSeen, Look, Settings, UnderWay};
use haproxy_gate::haproxy::BalancerObservation;
use haproxy_gate::restart::{Ask, Limits, Observation, Phase, Step, Why, decide};
use std::sync::Arc;
use std::time::Duration;

/// The core, for the hosts of these settings.
pub(super) struct Core {
    pub(super) settings: Settings,
    sticky: Duration,
    pub(super) flaw: Option<Flaw>,
    pub(super) looks: Looks,
    begun: Memory<(Look, Command, Option<Left>, Numbers), Option<Begun>>,
    decided: Memory<(Look, Numbers), Decided>,
    pub(super) switched: Memory<Look, Decided>,
}

/// The same numbers: the balancers show the same to this agent. 0: it does not ask.
type Numbers = [usize; BALANCERS];

impl Core {
    pub(super) fn new(settings: &Settings) -> Core {
        Core {
            settings: settings.clone(),
            sticky: Duration::ZERO,
            flaw: None,
            looks: Looks::new(),
            begun: Memory::new(),
            decided: Memory::new(),
            switched: Memory::new(),
        }
    }

    pub(super) fn with_sticky_time(self) -> Core {
        Core {
            sticky: TURN,
            ..self
        }
    }

    pub(super) fn with(self, flaw: Flaw) -> Core {
        Core {
            flaw: Some(flaw),
            ..self
        }
    }

    /// What an agent has that begins on a host that is out.
    pub(super) fn without_lock(&self) -> LockSeen {
        match self.flaw {
            Some(Flaw::WaitsOut) => LockSeen::Asked,
            Some(Flaw::NeverAsks) => LockSeen::Unused,
            _ => LockSeen::NotNeeded,
        }
    }

    pub(super) fn limits(&self, under_way: UnderWay) -> Limits {
        let limits = limits(&self.settings, self.sticky, under_way);
        self.flaw.map_or(limits.clone(), |flaw| flaw.within(limits))
    }

    fn asks(&self, phase: &Phase, under_way: UnderWay) -> Option<Ask> {
        let ask = phase.asks_balancers(&self.limits(under_way));
        let ask = ask.map(|ask| ask.with(&backends(under_way.unclaimed)));
        self.flaw.map_or(ask, |flaw| flaw.asks(phase, ask))
    }

    fn shown(&self, look: &Look) -> Vec<Arc<Shown>> {
        let balancers = 0..self.settings.balancers;
        let shown = balancers.map(|number| self.looks.at(&self.settings, look, number, 0));
        shown.collect()
    }

    /// What the balancers answer in this phase.
    fn answers(
        &self,
        shown: &[Arc<Shown>],
        phase: &Phase,
        ask: Option<Ask>,
    ) -> Vec<BalancerObservation> {
        let asked = if ask.is_some() { shown } else { &[] };
        let answers = asked.iter().map(|shown| {
            let mut balancer = shown.observation.clone();
            let answer = balancer.answer.as_mut().expect("an answer");
            if !shown::shows_capacity(&answer.lines, ask) {
                answer.backends.clear();
            }
            if let Some(flaw) = self.flaw {
                flaw.spoil(&mut balancer, phase);
            }
            balancer
        });
        answers.collect()
    }

    /// It needs no more what its host serves, nor who had claimed before: see `decide`.
    fn forgets(phase: &Phase) -> bool {
        let is_too_few = matches!(phase, Phase::PutBack(Why::TooFewServers(_)));
        let puts_back = matches!(phase, Phase::PutBack(_)) && !is_too_few;
        let is_out = matches!(phase, Phase::Drain { .. } | Phase::Restart);
        puts_back || is_out || matches!(phase, Phase::Healthy { .. } | Phase::Open)
    }

    fn decide(&self, look: &Look, shown: &[Arc<Shown>]) -> Decided {
        let (phase, verb) = (phase_of(look), verb_of(look));
        let limits = self.limits(look.under_way);
        let ask = self.asks(&phase, look.under_way);
        let balancers = self.answers(shown, &phase, ask);
        let observation = observation(look, &phase, balancers);
        let under_way = UnderWay {
            serving: bits(&observation.serving, shown::backend),
            ..look.under_way
        };
        let at = |to: &Phase| {
            let unclaimed = match phase.name() == to.name() {
                true => observation.unclaimed.clone(),
                false => observation.unclaimed_after(&phase, to),
            };
            let under_way = UnderWay {
                unclaimed: match self.flaw {
                    Some(Flaw::ForgetsClaim) => 0,
                    _ => bits(&unclaimed, shown::backend),
                },
                phase: number(to),
                lock: lock_after(&phase, to, look.under_way.lock),
                ..under_way
            };
            match Core::forgets(to) {
                true => UnderWay {
                    serving: 0,
                    claimed_before: 0,
                    ..under_way
                },
                false => under_way,
            }
        };
        let step = decide(verb, &phase, &observation, &limits);
        if Core::forgets(&phase) {
            let more = UnderWay {
                serving: u8::MAX,
                claimed_before: u8::MAX,
                ..look.under_way
            };
            let observation = Observation {
                serving: served(more),
                ..observation.clone()
            };
            assert_eq!(decide(verb, &phase, &observation, &self.limits(more)), step);
        }
        match step {
            Step::Stay { phase, .. } => Decided::Stays(at(&phase)),
            Step::Go { to, .. } => {
                let to = match self.flaw {
                    Some(flaw) => flaw.enters(to),
                    None => to,
                };
                Decided::Goes(at(&to), effect(&to, verb, &limits))
            }
            Step::End(_) => Decided::Ends,
        }
    }
}

/// An agent asks as it enters the phase for that, and anew if it has lost the lock there. It leaves it without the lock if its host is out. See
/// `lock/host_lock.rs`.
pub(super) fn lock_after(phase: &Phase, to: &Phase, seen: LockSeen) -> LockSeen {
    match (phase == &Phase::Lock, to == &Phase::Lock, seen) {
        (_, true, LockSeen::NotNeeded) => LockSeen::Asked,
        (true, false, LockSeen::Asked | LockSeen::Full) => LockSeen::NotNeeded,
        (true, true, LockSeen::Lost) => LockSeen::Asked,
        _ => seen,
    }
}

impl Agent for Core {
    fn begins(&self, look: &Look, command: Command, left: Option<Left>) -> Option<Begun> {
        if look.two.is_some() {
            return self.begin_switch(look, command, left);
        }
        let shown = self.shown(look);
        let mut numbers = Numbers::default();
        for (number, shown) in numbers.iter_mut().zip(&shown) {
            *number = shown.number(true);
        }
        let key = (
            Look {
                lines: [0; BALANCERS],
                held: [false; BALANCERS],
                ..*look
            },
            command,
            left,
            numbers,
        );
        self.begun
            .recall(key, || self.begin(look, command, left, &shown))
    }

    fn leaves(&self, left: Left, all_open: bool) -> UnderWay {
        phases::first_like(left, gates_found(all_open))
    }

    fn decides(&self, look: &Look) -> Decided {
        if look.two.is_some() {
            let own = look.of_own_lines();
            return self.switched.recall(own, || self.decide_switch(&own));
        }
        let (shown, phase) = (self.shown(look), phase_of(look));
        let ask = self.asks(&phase, look.under_way);
        let mut numbers = Numbers::default();
        if ask.is_some() {
            for (number, shown) in numbers.iter_mut().zip(&shown) {
                *number = shown.number(shown::shows_capacity(shown.observation.lines(), ask));
            }
        }
        let key = Look {
            lines: [0; BALANCERS],
            held: [false; BALANCERS],
            app: look.app || !phase.asks_app(),
            all_open: true,
            main_open: true,
            ..*look
        };
        self.decided
            .recall((key, numbers), || self.decide(look, &shown))
    }

    fn name(&self, phase: u8) -> String {
        phases::name(phase)
    }
}
