//! One state of the farm.

use super::{First, Host, Life, Settings};

/// The most balancers.
pub const BALANCERS: usize = 2;
/// The most hosts.
pub const MOST_HOSTS: usize = 4;

/// One state of the farm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct State {
    /// The hosts. Those beyond the number of the settings never change.
    pub hosts: [Host; MOST_HOSTS],
    /// The host whose agent has the lock.
    pub lock: Option<u8>,
    /// How many agents may still die.
    pub crashes: u8,
    /// How many reloads may still come.
    pub reloads: u8,
}

impl State {
    pub(crate) fn first(settings: &Settings) -> State {
        let mut hosts = [Host::new(settings.most()); MOST_HOSTS];
        for host in &mut hosts[settings.hosts - settings.at_rest..] {
            host.life = Life::Done;
        }
        if settings.first != First::Runs {
            hosts[0].app = false;
            hosts[0].lines = [[0; 2]; BALANCERS];
        }
        State {
            hosts,
            lock: None,
            crashes: settings.crashes,
            reloads: settings.reloads,
        }
    }

    /// All lines of a balancer, packed.
    pub(crate) fn lines(&self, balancer: usize) -> u16 {
        let hosts = self.hosts.iter().enumerate();
        hosts.fold(0, |all, (number, host)| {
            let [main, twin] = host.lines[balancer].map(u16::from);
            all | (main | twin << 2) << (4 * number)
        })
    }

    /// The hosts that a balancer sends users to, and that answer.
    pub(crate) fn usable(&self, settings: &Settings, balancer: usize) -> usize {
        let hosts = self.hosts[..settings.hosts].iter();
        let is_usable = |host: &&Host| host.app && settings.is_up(host.lines[balancer][0]);
        hosts.filter(is_usable).count()
    }

    /// The hosts whose app runs.
    pub(crate) fn running(&self, settings: &Settings) -> usize {
        let hosts = self.hosts[..settings.hosts].iter();
        hosts.filter(|host| host.app).count()
    }

    pub(crate) fn all_done(&self, settings: &Settings) -> bool {
        let mut hosts = self.hosts[..settings.hosts].iter();
        hosts.all(|host| host.life == Life::Done)
    }

    /// The balancers do the same, so that of two states that differ in their order one is enough.
    pub(crate) fn ordered(self, settings: &Settings) -> State {
        match settings.balancers < BALANCERS {
            true => self,
            false => self.min(self.with_other_balancer_first()),
        }
    }

    fn with_other_balancer_first(&self) -> State {
        let mut other = *self;
        for host in &mut other.hosts {
            host.lines.swap(0, 1);
            host.owed.swap(0, 1);
            let serving = host.under_way.serving;
            host.under_way.serving = serving >> 1 | (serving & 1) << 1;
            host.seen = host.seen.map(|(balancer, lines)| (1 - balancer, lines));
        }
        other
    }
}
