//! One state of the farm.

use super::{First, Host, Life, Settings, Two, UnderWay};

/// The most balancers.
pub const BALANCERS: usize = 2;
/// The most hosts.
pub const MOST_HOSTS: usize = 4;

/// One state of the farm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct State {
    /// The hosts. Those beyond the number of the settings never change.
    pub hosts: [Host; MOST_HOSTS],
    /// The hosts whose agents have the lock, as bits.
    pub lock: u8,
    /// The balancers on which the line of the settings is held in MAINT.
    pub held: [bool; BALANCERS],
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
        for host in &mut hosts[..settings.switching] {
            host.two = Some(Two::new());
        }
        let is_held = settings.held.is_some_and(|line| line < 2);
        if let Some(line) = settings.held {
            (0..BALANCERS).for_each(|one| hosts[0].set_health(one, line / 2, line % 2, 0));
        }
        if settings.first != First::Runs {
            hosts[0].app = false;
            hosts[0].lines = [[0; 2]; BALANCERS];
        }
        State {
            hosts,
            lock: 0,
            held: [is_held; BALANCERS],
            crashes: settings.crashes,
            reloads: settings.reloads,
        }
    }

    /// All lines of a balancer, packed.
    pub(crate) fn lines(&self, balancer: usize) -> u32 {
        let hosts = self.hosts.iter().enumerate();
        hosts.fold(0, |all, (number, host)| {
            let [main, twin] = host.lines[balancer].map(u32::from);
            let new = host.two.map_or([0; 2], |two| two.lines[balancer]);
            let [new_main, new_twin] = new.map(u32::from);
            let lines = main | twin << 2 | new_main << 4 | new_twin << 6;
            all | lines << (8 * number)
        })
    }

    /// The hosts that a balancer sends users to, and that answer.
    pub(crate) fn usable(&self, settings: &Settings, balancer: usize) -> usize {
        let hosts = self.hosts[..settings.hosts].iter();
        let is_usable = |host: &&Host| {
            let mut targets = host.targets();
            targets.any(|target| {
                let is_up = settings.is_up(host.health(balancer, target, 0));
                is_up && host.answers(host.behind(target))
            })
        };
        hosts.filter(is_usable).count()
    }

    /// The hosts whose app runs.
    pub(crate) fn running(&self, settings: &Settings) -> usize {
        let hosts = self.hosts[..settings.hosts].iter();
        let runs = |host: &&Host| host.targets().any(|target| host.answers(target));
        hosts.filter(runs).count()
    }

    /// HAProxy does not check it.
    pub(crate) fn is_held(
        &self,
        settings: &Settings,
        host: usize,
        balancer: usize,
        line: usize,
    ) -> bool {
        host == 0 && settings.held == Some(line) && self.held[balancer]
    }

    pub(crate) fn has_lock(&self, number: usize) -> bool {
        self.lock & 1 << number != 0
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
        other.held.swap(0, 1);
        for host in &mut other.hosts {
            host.lines.swap(0, 1);
            host.owed.swap(0, 1);
            if let Some(two) = &mut host.two {
                two.lines.swap(0, 1);
            }
            let UnderWay {
                serving, unclaimed, ..
            } = &mut host.under_way;
            for balancers in [serving, unclaimed] {
                *balancers = *balancers >> 1 | (*balancers & 1) << 1;
            }
            host.seen = host.seen.map(|(balancer, lines)| (1 - balancer, lines));
        }
        other
    }
}
