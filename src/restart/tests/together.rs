//! Many hosts at once, none of which knows of the others but by HAProxy: never too few of
//! them are in rotation, not for a moment.

use super::*;
use crate::haproxy::Others;
use Role::{Main, Twin};
use proptest::prelude::*;

/// One host: its gates, what each of two balancers shows of them, and where its agent is.
#[derive(Clone)]
struct Of {
    gates: [bool; 2],
    shown: [[bool; 2]; 2],
    phase: Option<Phase>,
    entered: u64,
    /// When it tries again, if it has given way: each host has its own chance.
    turns: Vec<Duration>,
}

struct Backend {
    hosts: Vec<Of>,
    min_available: usize,
    /// Seconds.
    now: u64,
}

/// As the agent draws them: from 1 s on, twice as long each time up to 10 s, with jitter.
fn turns(chance: &mut fastrand::Rng) -> Vec<Duration> {
    let waits = (0..400).map(|turn| {
        let wait = 2_f64.powi(turn.min(5)).min(10.0);
        Duration::from_secs_f64(wait * (1.0 + chance.f64()))
    });
    super::super::turns(waits, Duration::from_secs(4000))
}

impl Backend {
    /// All agents begin at once.
    fn begun(hosts: usize, min_available: usize, seed: u64) -> Backend {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut host = || Of {
            gates: [true; 2],
            shown: [[true; 2]; 2],
            phase: None,
            entered: 0,
            turns: turns(&mut chance),
        };
        let hosts: Vec<Of> = (0..hosts).map(|_| host()).collect();
        let mut backend = Backend {
            hosts,
            min_available,
            now: 0,
        };
        (0..backend.hosts.len()).for_each(|number| backend.enter(number, Phase::Claim));
        backend
    }

    fn limits(&self, number: usize) -> Limits {
        Limits {
            serving: ["lb0", "lb1"].map(|lb| format!("{lb} backend srvs")).into(),
            min_available: self.min_available,
            turns: self.hosts[number].turns.clone(),
            turn: Duration::from_secs(4000),
            ..limits()
        }
    }

    /// A balancer's checks find out, host by host and line by line.
    fn checks(&mut self, number: usize, lb: usize, side: usize) {
        let host = &mut self.hosts[number];
        host.shown[lb][side] = host.gates[side];
    }

    fn look(&self, number: usize) -> Seen {
        Seen {
            balancers: [0, 1].map(|lb| self.balancer(number, lb)).into(),
            elapsed: Duration::from_secs(self.now),
            in_phase: Duration::from_secs(self.now - self.hosts[number].entered),
            health: Some(Ok(())),
            ..seen(&[])
        }
    }

    /// What a balancer shows to the agent of this host.
    fn balancer(&self, number: usize, lb: usize) -> BalancerSeen {
        let own = self.hosts[number].shown[lb];
        let [main, twin] = own.map(|up| if up { "UP" } else { "DOWN" });
        let lines = vec![line(Main, main, 0), line(Twin, twin, 0)];
        let others = (0..self.hosts.len()).filter(|other| *other != number);
        let others = others.map(|other| (other, self.hosts[other].shown[lb]));
        let usable: Vec<_> = others.filter(|(_, shown)| shown[0]).collect();
        let claimed = usable.iter().filter(|(_, shown)| !shown[1]);
        let others = Others {
            backend: "srvs".into(),
            usable: usable.len(),
            claimed: claimed.map(|(other, _)| format!("web{other}")).collect(),
            own_usable: own.contains(&true),
        };
        BalancerSeen {
            name: format!("lb{lb}"),
            others: vec![others],
            ..balancer(Ok(lines))
        }
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
            Some(Action::Upgrade | Action::Rollback | Action::Restart) | None => {}
        }
        host.phase = Some(phase);
    }

    /// As the balancer shows it that shows fewest.
    fn up(&self) -> usize {
        let up = |lb: usize| self.hosts.iter().filter(|host| host.shown[lb][0]).count();
        up(0).min(up(1))
    }
}

/// Who does something next: a check of a line of a host by a balancer, or its agent.
fn any_order() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((0..8_usize, 0..6_usize), 50..2000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn never_fewer_than_asked_for(order in any_order(), hosts in 2..8_usize,
                                  min_available in 1..7_usize, seed in any::<u64>()) {
        let mut backend = Backend::begun(hosts, min_available, seed);
        for (at, (number, what)) in order.into_iter().enumerate() {
            let number = number % hosts;
            backend.now = at as u64 / 8;
            match what {
                0..4 => backend.checks(number, what / 2, what % 2),
                _ => backend.agent_looks(number),
            }
            let up = backend.up();
            prop_assert!(up >= min_available.min(hosts), "{} of {} are UP", up, hosts);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    /// Each gets its turn in the end, where there is room for one: checks take 2 s.
    #[test]
    fn all_come_through(hosts in 2..6_usize, seed in any::<u64>()) {
        let mut backend = Backend::begun(hosts, hosts - 1, seed);
        for now in 0..3000 {
            backend.now = now;
            for number in 0..hosts {
                backend.agent_looks(number);
                if (now as usize + number).is_multiple_of(2) {
                    (0..4).for_each(|line| backend.checks(number, line / 2, line % 2));
                }
            }
            prop_assert!(backend.up() >= hosts - 1);
        }
        let under_way = backend.hosts.iter().filter(|host| host.phase.is_some());
        prop_assert_eq!(under_way.count(), 0);
    }
}
