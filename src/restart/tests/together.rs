//! Many hosts at once, none of which knows of the others but by HAProxy: never too few of
//! them are in rotation, not for a moment.

use super::*;
use crate::haproxy::Others;
use Role::{Main, Twin};
use proptest::prelude::*;

/// One host: its gates, what HAProxy shows of them, and where its agent is.
#[derive(Clone)]
struct Of {
    gates: [bool; 2],
    shown: [bool; 2],
    phase: Option<Phase>,
    entered: u64,
}

struct Backend {
    hosts: Vec<Of>,
    min_available: usize,
    now: u64,
}

impl Backend {
    fn limits(&self, number: usize) -> Limits {
        let turns = (1..400).map(|turn| Duration::from_secs(turn * 11 + number as u64 * 3));
        Limits {
            serving: vec!["lb backend srvs".into()],
            min_available: self.min_available,
            turns: turns.collect(),
            turn: Duration::from_secs(4000),
            ..limits()
        }
    }

    /// HAProxy's checks find out, host by host and line by line.
    fn checks(&mut self, number: usize, side: usize) {
        let host = &mut self.hosts[number];
        host.shown[side] = host.gates[side];
    }

    fn look(&self, number: usize) -> Seen {
        let host = &self.hosts[number];
        let word = |side: usize| if host.shown[side] { "UP" } else { "DOWN" };
        let mut look = seen(&[(Main, word(0), 0), (Twin, word(1), 0)]);
        let others = (0..self.hosts.len()).filter(|other| *other != number);
        let usable: Vec<_> = others.filter(|other| self.hosts[*other].shown[0]).collect();
        look.balancers[0].others = vec![Others {
            backend: "srvs".into(),
            usable: usable.len(),
            claimed: usable
                .iter()
                .filter(|other| !self.hosts[**other].shown[1])
                .count(),
            own_usable: host.shown[0] || host.shown[1],
        }];
        look.elapsed = Duration::from_secs(self.now);
        look.in_phase = Duration::from_secs(self.now - host.entered);
        look.health = Some(Ok(()));
        look
    }

    fn agent_looks(&mut self, number: usize) {
        let Some(phase) = self.hosts[number].phase.clone() else {
            return;
        };
        let limits = self.limits(number);
        match decide(Verb::Restart, &phase, &self.look(number), &limits) {
            Step::Stay { phase, .. } => self.hosts[number].phase = Some(phase),
            Step::Go { to, .. } => {
                self.hosts[number].entered = self.now;
                self.enter(number, to);
            }
            Step::End(_) => self.hosts[number].phase = None,
        }
    }

    fn enter(&mut self, number: usize, phase: Phase) {
        let limits = self.limits(number);
        let host = &mut self.hosts[number];
        match phase.action(Verb::Restart, &limits) {
            Some(Action::CloseMain) => host.gates[0] = false,
            Some(Action::CloseTwin) => host.gates[1] = false,
            Some(Action::CloseBoth) => host.gates = [false; 2],
            Some(Action::OpenBoth | Action::PutBack) => host.gates = [true; 2],
            Some(Action::Restart) | None => {}
        }
        host.phase = Some(phase);
    }

    fn up(&self) -> usize {
        self.hosts.iter().filter(|host| host.shown[0]).count()
    }
}

/// Who does something next: a check of a line of a host, or its agent.
fn any_order() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((0..8_usize, 0..4_usize), 50..1500)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn never_fewer_than_asked_for(order in any_order(), hosts in 2..8_usize, min_available in 1..7_usize) {
        let open = Of { gates: [true; 2], shown: [true; 2], phase: Some(Phase::Claim), entered: 0 };
        let hosts = vec![open; hosts];
        let mut backend = Backend { hosts, min_available, now: 0 };
        for number in 0..backend.hosts.len() {
            backend.enter(number, Phase::Claim);
        }
        for (at, (number, what)) in order.into_iter().enumerate() {
            let number = number % backend.hosts.len();
            backend.now = at as u64 / 4;
            match what {
                0 | 1 => backend.checks(number, what),
                _ => backend.agent_looks(number),
            }
            let (up, all) = (backend.up(), backend.hosts.len());
            prop_assert!(up >= min_available.min(all), "{} of {} are UP", up, all);
        }
    }

    /// Each gets its turn in the end, where there is room for one.
    #[test]
    fn all_come_through(hosts in 2..6_usize) {
        let open = Of { gates: [true; 2], shown: [true; 2], phase: Some(Phase::Claim), entered: 0 };
        let mut backend = Backend { hosts: vec![open; hosts], min_available: hosts - 1, now: 0 };
        for number in 0..hosts {
            backend.enter(number, Phase::Claim);
        }
        for now in 0..4000 {
            backend.now = now;
            for number in 0..hosts {
                backend.agent_looks(number);
                (0..2).for_each(|side| backend.checks(number, side));
            }
            prop_assert!(backend.up() >= hosts - 1);
        }
        let through = backend.hosts.iter().filter(|host| host.phase.is_none()).count();
        prop_assert_eq!(through, hosts);
    }
}
