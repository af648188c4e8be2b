//! A simulated farm: hosts with gates and apps, two HAProxies that check them, and an agent on each
//! host. An agent sees only what HAProxy shows.

use super::super::*;
use crate::haproxy::{BackendCapacity, Floor};

/// Checks as HAProxy counts them.
const RISE: u32 = 2;
const FALL: u32 = 2;
pub(crate) const MOST: u32 = RISE + FALL - 1;

/// The balancers.
const LBS: [usize; 2] = [0, 1];

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Layout {
    Single,
    Classic,
    TwoStage,
    Sticky,
}

impl Layout {
    fn role(self, side: usize) -> Option<Role> {
        match (side, self) {
            (0, _) => Some(Role::Main),
            (_, Layout::Single) => None,
            (_, Layout::Classic) => Some(Role::ClassicTwin),
            (_, Layout::TwoStage | Layout::Sticky) => Some(Role::Twin),
        }
    }
}

/// One host: its app, its gates, its lines on each balancer, and the phase of its agent.
pub(crate) struct Of {
    layout: Layout,
    pub app_up: bool,
    gates: [bool; 2],
    /// HAProxy's count of good checks, by balancer and line.
    pub health: [[u32; 2]; 2],
    pub phase: Option<Phase>,
    /// It has decided on its phase, and must still act: iptables is slow.
    has_to_act: bool,
    begun: u64,
    entered: u64,
    served: Vec<String>,
    /// The times of its next tries, if it has given way. Each host has its own.
    turns: Vec<Duration>,
    claimed_before: Vec<String>,
    /// False: its twin's line fails for another reason.
    pub twin_up: bool,
    /// Its agent does nothing before this event.
    pub stalled_until: usize,
    /// The number of its looks and actions.
    pub turns_taken: u32,
}

pub(crate) struct Farm {
    pub hosts: Vec<Of>,
    pub min_available: usize,
    /// The agents have it as a share of the hosts.
    pub is_share: bool,
    /// The second balancer knows the hosts by other addresses.
    pub orders_differ: bool,
    /// Seconds.
    pub now: u64,
}

/// As in the agent: from 1 s on, twice as long each time up to 10 s, with jitter.
fn turns(chance: &mut fastrand::Rng) -> Vec<Duration> {
    let waits = (0..400).map(|turn| {
        let wait = 2_f64.powi(turn.min(5)).min(10.0);
        Duration::from_secs_f64(wait * (1.0 + chance.f64()))
    });
    super::super::super::turns(waits, Duration::from_secs(4000))
}

impl Farm {
    /// A farm of hosts with these layouts, all in rotation. No agent has begun.
    pub(crate) fn new(layouts: &[Layout], min_available: usize, seed: u64) -> Farm {
        let mut chance = fastrand::Rng::with_seed(seed);
        let host = |layout: &Layout| Of {
            layout: *layout,
            app_up: true,
            gates: [true; 2],
            health: [[MOST; 2]; 2],
            phase: None,
            has_to_act: false,
            begun: 0,
            entered: 0,
            served: Vec::new(),
            turns: turns(&mut chance),
            claimed_before: Vec::new(),
            twin_up: true,
            stalled_until: 0,
            turns_taken: 0,
        };
        Farm {
            hosts: layouts.iter().map(host).collect(),
            min_available,
            is_share: false,
            orders_differ: false,
            now: 0,
        }
    }

    /// The host's app is not there yet, and HAProxy knows.
    pub(crate) fn is_down(&mut self, number: usize) {
        let host = &mut self.hosts[number];
        (host.app_up, host.health) = (false, [[0; 2]; 2]);
    }

    /// The largest share, in whole percent, that asks for as many hosts.
    fn floor(&self) -> Floor {
        let percent = 100 * self.min_available / self.hosts.len();
        match self.is_share {
            true => Floor::Percent(u8::try_from(percent.min(99)).unwrap()),
            false => Floor::Servers(self.min_available),
        }
    }

    fn limits(&self, number: usize) -> Limits {
        let host = &self.hosts[number];
        Limits {
            two_stage: matches!(host.layout, Layout::TwoStage | Layout::Sticky),
            sticky: Duration::from_secs(if host.layout == Layout::Sticky { 3 } else { 0 }),
            min_available: self.floor(),
            turns: host.turns.clone(),
            claimed_before: host.claimed_before.clone(),
            turn: Duration::from_secs(4000),
            out_of_rotation: Duration::from_secs(100),
            ..limits()
        }
    }

    /// A balancer checks a line.
    pub(crate) fn check(&mut self, number: usize, lb: usize, side: usize) {
        let host = &mut self.hosts[number];
        let is_open = host.layout.role(side) == Some(Role::ClassicTwin) || host.gates[side];
        let health = &mut host.health[lb][side];
        let answers = is_open && host.app_up && (side == 0 || host.twin_up);
        *health = match (answers, *health) {
            (true, health) if health + 1 >= RISE => MOST,
            (true, health) => health + 1,
            (false, health) if health > RISE => health - 1,
            (false, _) => 0,
        };
    }

    /// The line's check has failed, and the next one may turn it DOWN.
    pub(crate) fn is_failing(&self, number: usize, lb: usize, side: usize) -> bool {
        (RISE..MOST).contains(&self.hosts[number].health[lb][side])
    }

    fn look(&mut self, number: usize) -> Observation {
        let balancers: Vec<BalancerObservation> = LBS.map(|lb| self.balancer(number, lb)).into();
        let host = &mut self.hosts[number];
        let serving = balancers.iter().flat_map(BalancerObservation::serving);
        host.served.extend(serving);
        Observation {
            balancers,
            serving: host.served.clone(),
            elapsed: Duration::from_secs(self.now - host.begun),
            in_phase: Duration::from_secs(self.now - host.entered),
            health: Some(Ok(())),
            ..observation(&[])
        }
    }

    /// What a balancer shows to the agent of this host.
    fn balancer(&self, number: usize, lb: usize) -> BalancerObservation {
        let host = &self.hosts[number];
        let lines = (0..2).filter_map(|side| {
            let role = host.layout.role(side)?;
            Some(line(role, shown(host.health[lb][side]), 0))
        });
        let others = self.hosts.iter().enumerate();
        let others = others.filter(|(other, _)| *other != number);
        let others: Vec<_> = others
            .map(|(n, other)| (n, other.health[lb], other))
            .collect();
        let names = |is: &dyn Fn(&[u32; 2], &Of) -> bool| {
            let named = others.iter().filter(|(_, health, other)| is(health, other));
            named.map(|(n, _, _)| format!("web{n}")).collect::<Vec<_>>()
        };
        let has_twin = |other: &Of| other.layout.role(1).is_some();
        let has_claimed = |health: &[u32; 2], other: &Of| {
            health[0] == MOST && health[1] < MOST && has_twin(other)
        };
        let is_after = |n: usize| (n > number) != (self.orders_differ && lb == 1);
        let after_us = others.iter().filter(|(n, ..)| is_after(*n));
        let after_us = after_us.filter(|(_, health, other)| has_claimed(health, other));
        let capacity = BackendCapacity {
            backend: "srvs".into(),
            servers: self.hosts.len(),
            usable: names(&|health, _| health[0] == MOST).len(),
            claimed: names(&has_claimed),
            claimed_after_us: after_us.map(|(n, ..)| format!("web{n}")).collect(),
            unproven: names(&|health, _| (RISE..MOST).contains(&health[0])),
            ..BackendCapacity::default()
        };
        let mut shown = BalancerObservation::of_lines(lines.collect());
        shown.name = format!("lb{lb}");
        shown.answer_mut().backends.push(capacity);
        shown
    }

    /// `agent restart`, as far as its preflight lets it.
    pub(crate) fn begin(&mut self, number: usize) {
        let (limits, look) = (self.limits(number), self.look(number));
        if look.too_few(&limits).is_empty() {
            let backends = look
                .balancers
                .iter()
                .flat_map(BalancerObservation::backends);
            let claimed = backends
                .flat_map(|capacity| capacity.claimed.clone())
                .collect();
            self.hosts[number].claimed_before = claimed;
            self.hosts[number].begun = self.now;
            self.enter(number, limits.first());
        }
    }

    /// The agent acts if it has to. Otherwise it looks and decides.
    pub(crate) fn agent_goes_on(&mut self, number: usize) {
        self.hosts[number].turns_taken += 1;
        let Some(phase) = self.hosts[number].phase.clone() else {
            return;
        };
        if std::mem::take(&mut self.hosts[number].has_to_act) {
            return self.act(number, &phase);
        }
        let (limits, look) = (self.limits(number), self.look(number));
        match decide(Verb::Restart, &phase, &look, &limits) {
            Step::Stay { phase, .. } => self.hosts[number].phase = Some(phase),
            Step::Go { to, .. } => self.enter(number, to),
            Step::End(_) => self.hosts[number].phase = None,
        }
    }

    fn enter(&mut self, number: usize, phase: Phase) {
        let host = &mut self.hosts[number];
        (host.phase, host.has_to_act, host.entered) = (Some(phase), true, self.now);
    }

    fn act(&mut self, number: usize, phase: &Phase) {
        let limits = self.limits(number);
        let host = &mut self.hosts[number];
        match phase.action(Verb::Restart, &limits) {
            Some(Action::CloseMain) => host.gates[0] = false,
            Some(Action::CloseTwin) => host.gates[1] = false,
            Some(Action::CloseBoth) => host.gates = [false; 2],
            Some(Action::OpenBoth | Action::PutBack) => host.gates = [true; 2],
            Some(Action::Restart) => host.app_up = true,
            Some(Action::Upgrade | Action::Rollback) | None => {}
            Some(of_a_switch) => unreachable!("{of_a_switch:?}"),
        }
    }

    /// The hosts that get new users, on the balancer that shows fewest.
    pub(crate) fn up(&self) -> usize {
        let of = |lb: usize| {
            let up = |host: &&Of| host.health[lb][0] >= RISE;
            self.hosts.iter().filter(up).count()
        };
        LBS.map(of).into_iter().min().unwrap_or_default()
    }
}

fn shown(health: u32) -> &'static str {
    match health {
        0 => "DOWN",
        health if health < RISE => "DOWN 1/2",
        MOST => "UP",
        _ => "UP 1/2",
    }
}
