//! The state after each step.

use super::agent::{Begun, Decided, Left};
use super::farm::Farm;
use super::host::FAILED;
use super::{
    Clock, Command, Effect, Host, Life, LockSeen, Look, State, Step, Twin, TwoSeen, UnderWay,
};

impl Farm {
    /// The state after a step. None: the step can't come now, or changes nothing.
    pub(crate) fn after(&self, before: &State, step: Step) -> Option<State> {
        let mut state = *before;
        match step {
            Step::Check(number, balancer, line) => {
                self.check(&mut state, number, balancer, line)?
            }
            Step::Reload(balancer) => {
                state.reloads -= 1;
                for host in &mut state.hosts[..self.settings.hosts] {
                    host.lines[balancer] = [self.settings.rise; 2];
                    host.owed[balancer] = 0;
                    if let Some(two) = &mut host.two {
                        two.lines[balancer] = [self.settings.rise; 2];
                    }
                }
                state.held[balancer] = false;
            }
            Step::Maint(balancer, is_held) => {
                let line = self.settings.held?;
                state.held[balancer] = is_held;
                let health = if is_held { 0 } else { self.settings.rise };
                state.hosts[0].set_health(balancer, line / 2, line % 2, health);
            }
            Step::Begin(number, command) => self.begin(&mut state, number, command)?,
            Step::LookAt(number, balancer) => {
                let seen = (u8::try_from(balancer).ok()?, state.lines(balancer));
                state.hosts[number].seen = Some(seen);
            }
            Step::Look(number, clock, lock) => self.look(&mut state, number, clock, lock),
            Step::Act(number) => {
                let host = &mut state.hosts[number];
                let effect = host.acts.take()?;
                host.act(effect);
            }
            Step::Interrupt(number) => state.hosts[number].under_way.interrupted = true,
            Step::Die(number) => {
                state.crashes -= 1;
                self.die(&mut state.hosts[number]);
                pay(&mut state, number);
            }
            Step::ComeUp(number) => state.hosts[number].app = true,
            Step::NewComesUp(number) => state.hosts[number].two.as_mut()?.app = true,
            Step::NewFails(number) => {
                let two = state.hosts[number].two.as_mut()?;
                (two.app, two.failed) = (false, true);
            }
            Step::Request(number, target) => {
                state.hosts[number].two.as_mut()?.busy[target] = true;
            }
            Step::Quiet(number, target) => {
                state.hosts[number].two.as_mut()?.busy[target] = false;
            }
            Step::TakeLock(number) => {
                state.lock |= 1 << number;
                state.hosts[number].under_way.lock = LockSeen::Held;
            }
            Step::LoseLock(number) => state.lock &= !(1 << number),
        }
        let state = state.ordered(&self.settings);
        (state != *before).then_some(state)
    }

    fn check(&self, state: &mut State, number: usize, balancer: usize, line: usize) -> Option<()> {
        let settings = &self.settings;
        let (target, side) = (line / 2, line % 2);
        if state.is_held(settings, number, balancer, line) {
            return None;
        }
        let hosts = &state.hosts[..settings.hosts];
        let runs = |host: &Host| host.life == Life::Runs;
        let is_quick = hosts.iter().all(|host| !runs(host) || host.acts.is_none());
        let agents = hosts.iter().enumerate().filter(|(_, host)| runs(host));
        let agents = agents.fold(0, |all, (number, _)| all | 1 << number);
        let host = &mut state.hosts[number];
        let is_open = match (side, settings.twin) {
            (0, _) | (_, Twin::Gate) => host.gates_of(target)[side],
            (_, Twin::App) => true,
            (_, Twin::None) => return None,
        };
        // A check of the app itself comes by its port, which may be parked.
        let asked = match (side, settings.twin) {
            (1, Twin::App) => host.behind(target),
            _ => target,
        };
        let answers = is_open && host.answers(asked);
        let before = host.health(balancer, target, side);
        let health = settings.checked(before, answers);
        if settings.in_time && line == 0 {
            let owed = &mut host.owed[balancer];
            let goes_down = settings.is_up(before) && !settings.is_up(health);
            let is_owed = *owed & FAILED != 0 && (*owed != FAILED || !is_quick);
            if goes_down && is_owed {
                return None;
            }
            *owed = match settings.is_up(health) && health < before {
                true => agents | FAILED,
                false => 0,
            };
        }
        host.set_health(balancer, target, side, health);
        Some(())
    }

    fn begin(&self, state: &mut State, number: usize, command: Command) -> Option<()> {
        let look = self.look_of(state, number, Clock::Early);
        let host = &mut state.hosts[number];
        let left = (host.life == Life::Died).then_some(Left {
            under_way: host.under_way,
            restarted: host.restarted,
        });
        let Begun { under_way, effect } = self.begins(&look, command, left)?;
        host.life = Life::Runs;
        self.enter(host, under_way, effect);
        Some(())
    }

    fn look(&self, state: &mut State, number: usize, clock: Clock, lock: LockSeen) {
        let before = state.hosts[number].under_way.lock;
        let mut look = self.look_of(state, number, clock);
        look.under_way.lock = lock;
        let decided = self.decides(&look);
        let host = &mut state.hosts[number];
        host.seen = None;
        match decided {
            Decided::Stays(under_way) => host.under_way = under_way,
            Decided::Goes(under_way, effect) => self.enter(host, under_way, effect),
            Decided::Ends => {
                host.forget();
                (host.under_way.phase, host.under_way.verb) = (0, 0);
                if let Some(two) = &mut host.two {
                    two.park_at_rest();
                }
                let is_restarted = std::mem::take(&mut host.restarted);
                host.life = match is_restarted || host.has_switched(&self.settings) {
                    true => Life::Done,
                    false => Life::Idle,
                };
                state.lock &= !(1 << number);
            }
        }
        // Full and away may change. What the agent has lost stays lost.
        let seen = &mut state.hosts[number].under_way.lock;
        let asks_or_leaves = *seen != lock;
        if *seen != LockSeen::Unused && !asks_or_leaves && lock != LockSeen::Lost {
            *seen = before;
        }
        pay(state, number);
    }

    fn die(&self, host: &mut Host) {
        host.life = Life::Died;
        host.forget();
        let left = Left {
            under_way: host.under_way,
            restarted: host.restarted,
        };
        host.under_way = self.leaves(left, host.gates == [true; 2]);
    }

    fn enter(&self, host: &mut Host, under_way: UnderWay, effect: Option<Effect>) {
        host.under_way = under_way;
        host.acts = effect.filter(|effect| host.needs(*effect));
    }

    fn look_of(&self, state: &State, number: usize, clock: Clock) -> Look {
        let host = &state.hosts[number];
        let lines = [0, 1].map(|balancer| match host.seen {
            Some((seen, lines)) if usize::from(seen) == balancer => lines,
            _ => state.lines(balancer),
        });
        Look {
            host: number,
            under_way: host.under_way,
            lines,
            clock,
            app: host.app,
            all_open: host.gates == [true; 2],
            main_open: host.gates[0],
            held: state.held,
            two: TwoSeen::of(host),
        }
    }
}

/// The agent has looked: it owes no look to any line.
fn pay(state: &mut State, number: usize) {
    for host in &mut state.hosts {
        for owed in &mut host.owed {
            *owed &= !(1 << number);
        }
    }
}
