//! The steps that may come next.

use super::farm::Farm;
use super::{Clock, First, Host, Life, Lock, LockSeen, State};

/// What an operator runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// `agent restart`
    Restart,
    /// `agent recover`
    Recover,
}

/// What happens next. The numbers are those of a host, of a balancer and of a side of a host.
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
    /// An agent takes the lock.
    TakeLock(usize),
    /// The lease of the lock ends.
    LoseLock,
}

impl Farm {
    /// Every step that may come, and perhaps some that change nothing.
    pub(crate) fn steps(&self, state: &State, steps: &mut Vec<Step>) {
        let settings = &self.settings;
        let balancers = 0..settings.balancers;
        for (number, host) in state.hosts[..settings.hosts].iter().enumerate() {
            for balancer in balancers.clone() {
                steps.extend([0, 1].map(|side| Step::Check(number, balancer, side)));
            }
            match host.life {
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
        if state.reloads > 0 {
            steps.extend(balancers.map(Step::Reload));
        }
        if self.lease_may_end(state) {
            steps.push(Step::LoseLock);
        }
    }

    fn lease_may_end(&self, state: &State) -> bool {
        let holder = state.lock.map(|holder| &state.hosts[usize::from(holder)]);
        holder.is_some_and(|holder| match self.settings.lock {
            Lock::None | Lock::Kept => false,
            Lock::Ends => holder.life == Life::Died && holder.is_seen(self.settings.balancers),
            Lock::Expires | Lock::Away => true,
        })
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
        if host.under_way.lock == LockSeen::Asked && is_free(state, number) {
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
            (LockSeen::Asked, _) if !is_free(state, number) => &[LockSeen::Full],
            (LockSeen::Asked, _) => &[LockSeen::Asked],
            (LockSeen::Held, Lock::Kept | Lock::Ends) => &[LockSeen::Held],
            (LockSeen::Held, _) => &[LockSeen::Held, LockSeen::Lost],
            _ => &[LockSeen::Lost],
        }
    }
}

fn is_free(state: &State, number: usize) -> bool {
    state
        .lock
        .is_none_or(|holder| usize::from(holder) == number)
}
