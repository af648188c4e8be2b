//! The steps that may come next.

use super::farm::Farm;
use super::{Clock, First, Host, Life, Lock, LockSeen, New, State};

/// What an operator runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// `agent restart`
    Restart,
    /// `agent recover`
    Recover,
    /// `agent switch`
    Switch,
    /// `agent switch --finish`
    Finish,
}

/// What happens next. The numbers are those of a host, of a balancer and of a line of a host: main, twin,
/// and the same of its second target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A balancer checks a line.
    Check(usize, usize, usize),
    /// A balancer is reloaded.
    Reload(usize),
    /// An operator runs a command on a host.
    Begin(usize, Command),
    /// An agent looks at one balancer, and at the other one later.
    LookAt(usize, usize),
    /// An agent looks at all balancers and at the lock, and decides.
    Look(usize, Clock, LockSeen),
    /// An agent does what it has decided.
    Act(usize),
    /// Ctrl-C comes.
    Interrupt(usize),
    /// An agent dies.
    Die(usize),
    /// An app comes up.
    ComeUp(usize),
    /// An operator holds the line of the settings in MAINT on a balancer, or no longer.
    Maint(usize, bool),
    /// A new target comes up.
    NewComesUp(usize),
    /// A new target fails.
    NewFails(usize),
    /// HAProxy sends a request to a target.
    Request(usize, usize),
    /// The last request to a target ends.
    Quiet(usize, usize),
    /// An agent takes the lock.
    TakeLock(usize),
    /// The lease of this holder ends.
    LoseLock(usize),
}

impl Farm {
    /// Every step that may come, and perhaps some that change nothing.
    pub(crate) fn steps(&self, state: &State, steps: &mut Vec<Step>) {
        let settings = &self.settings;
        let balancers = 0..settings.balancers;
        for (number, host) in state.hosts[..settings.hosts].iter().enumerate() {
            for balancer in balancers.clone() {
                let lines = 0..2 * host.targets().len();
                steps.extend(lines.map(|line| Step::Check(number, balancer, line)));
            }
            self.steps_of_two(number, host, steps);
            match host.life {
                Life::Idle | Life::Died if host.two.is_some() => {}
                Life::Idle => steps.push(Step::Begin(number, Command::Restart)),
                Life::Died => {
                    let commands = [Command::Restart, Command::Recover];
                    steps.extend(commands.map(|command| Step::Begin(number, command)));
                }
                Life::Runs => self.steps_of_agent(number, host, state, steps),
                Life::Done => {}
            }
            if !host.app && (host.restarted || settings.first == First::Flaps) {
                steps.push(Step::ComeUp(number));
            }
        }
        let may_be_held = state.hosts[0]
            .two
            .is_some_and(|two| two.gates == [false; 2]);
        for balancer in balancers.clone() {
            if state.held[balancer] {
                steps.push(Step::Maint(balancer, false));
            } else if settings.held.is_some_and(|line| line > 1) && may_be_held {
                steps.push(Step::Maint(balancer, true));
            }
        }
        if state.reloads > 0 {
            steps.extend(balancers.map(Step::Reload));
        }
        let holders = (0..settings.hosts).filter(|number| state.has_lock(*number));
        let ending = holders.filter(|number| self.lease_may_end(&state.hosts[*number]));
        steps.extend(ending.map(Step::LoseLock));
    }

    fn lease_may_end(&self, holder: &Host) -> bool {
        match self.settings.lock {
            Lock::None | Lock::Kept => false,
            Lock::Ends => holder.life == Life::Died && holder.is_seen(self.settings.balancers),
            Lock::Expires | Lock::Away => true,
        }
    }

    /// Of a host that switches.
    fn steps_of_two(&self, number: usize, host: &Host, steps: &mut Vec<Step>) {
        let Some(two) = &host.two else { return };
        let settings = &self.settings;
        let commands: &[Command] = match (host.life, two.current) {
            (Life::Idle, 0) => &[Command::Switch],
            (Life::Idle, _) => &[Command::Finish],
            (Life::Died, _) => &[Command::Switch, Command::Recover],
            _ => &[],
        };
        let begins = commands.iter();
        steps.extend(begins.map(|command| Step::Begin(number, *command)));
        if two.runs[1] && !two.app && !two.failed && settings.new != New::Sick {
            steps.push(Step::NewComesUp(number));
        }
        // One that serves alone is an app that fails later.
        if two.app && two.runs[0] && settings.new == New::Fails {
            steps.push(Step::NewFails(number));
        }
        for target in [0, 1] {
            if two.busy[target] {
                steps.push(Step::Quiet(number, target));
            } else if settings.requests && two.runs[target] && host.is_sent_to(settings, target) {
                steps.push(Step::Request(number, target));
            }
        }
    }

    fn steps_of_agent(&self, number: usize, host: &Host, state: &State, steps: &mut Vec<Step>) {
        let settings = &self.settings;
        match (host.acts, host.seen) {
            (Some(_), _) => steps.push(Step::Act(number)),
            (None, None) if settings.one_by_one => {
                steps.extend([0, 1].map(|balancer| Step::LookAt(number, balancer)));
            }
            (None, _) => {
                for lock in self.lock_shows(number, host, state) {
                    let clocks = settings.clocks.iter();
                    steps.extend(clocks.map(|clock| Step::Look(number, *clock, *lock)));
                }
            }
        }
        if host.under_way.lock == LockSeen::Asked && self.is_free(state, number) {
            steps.push(Step::TakeLock(number));
        }
        if settings.interrupts && !host.under_way.interrupted {
            steps.push(Step::Interrupt(number));
        }
        if state.crashes > 0 {
            steps.push(Step::Die(number));
        }
    }

    /// What an agent may see of the lock.
    fn lock_shows(&self, number: usize, host: &Host, state: &State) -> &'static [LockSeen] {
        match (host.under_way.lock, self.settings.lock) {
            (LockSeen::Unused, _) => &[LockSeen::Unused],
            (LockSeen::NotNeeded, _) => &[LockSeen::NotNeeded],
            (LockSeen::Asked, Lock::Away) => &[LockSeen::Asked, LockSeen::Away],
            (LockSeen::Asked, _) if !self.is_free(state, number) => &[LockSeen::Full],
            (LockSeen::Asked, _) => &[LockSeen::Asked],
            (LockSeen::Held, Lock::Kept | Lock::Ends) => &[LockSeen::Held],
            (LockSeen::Held, _) => &[LockSeen::Held, LockSeen::Lost],
            _ => &[LockSeen::Lost],
        }
    }

    fn is_free(&self, state: &State, number: usize) -> bool {
        let others = state.lock & !(1 << number);
        others.count_ones() < self.settings.slots
    }
}
