//! The capacity of a backend of ours without this host.

use super::{Floor, Status};
use std::fmt;
use std::time::Duration;

/// The most servers that a text names.
const MOST: usize = 10;

/// The capacity of one backend without this host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackendCapacity {
    /// The backend.
    pub backend: String,
    /// All its servers, this host's included, each address and port once.
    pub servers: usize,
    /// It has lines that wait for a host: slots of a server-template.
    pub has_free_slots: bool,
    /// Its other servers that take new users now.
    pub usable: usize,
    /// Those of them that are about to go out of rotation: only their twin is DOWN.
    pub claimed: Vec<String>,
    /// Those of these with a higher address than ours. If hosts claim together, these give way to
    /// us.
    pub claimed_after_us: Vec<String>,
    /// Those whose main line shows `UP n/m`. Either a check has failed and the next may turn it
    /// DOWN, or HAProxy was reloaded and has not checked it yet. They are not usable.
    pub unproven: Vec<String>,
    /// The other ones.
    pub out: Vec<OutServer>,
}

/// A server that takes no new users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutServer {
    /// Its name.
    pub name: String,
    /// What HAProxy shows of it.
    pub status: Status,
    /// How long, if HAProxy shows that.
    pub lasts: Option<Duration>,
}

impl BackendCapacity {
    /// Names the backend and its balancer.
    pub fn of(&self, balancer: &str) -> String {
        format!("{balancer} backend {}", self.backend)
    }

    /// The number of other servers that still take new users in a moment.
    pub fn staying(&self) -> usize {
        self.usable.saturating_sub(self.claimed.len())
    }

    /// The same, once the servers that claim together with us and after us have given way.
    /// Servers that had claimed `before` us do not: they go, or their twin stays DOWN.
    pub fn staying_in_turn(&self, before: &[String]) -> usize {
        let together = |server: &&String| !before.contains(server);
        self.staying() + self.claimed_after_us.iter().filter(together).count()
    }

    /// The number of other servers that are not out. The next checks decide on some of them.
    pub fn not_out(&self) -> usize {
        self.usable + self.unproven.len()
    }

    /// The servers that must be left.
    pub fn floor(&self, min_available: Floor) -> usize {
        min_available.of(self.servers)
    }

    /// This share leaves no host: 50% of 1, 67% of 3.
    fn leaves_none(&self, min_available: Floor) -> bool {
        matches!(min_available, Floor::Percent(_)) && self.floor(min_available) >= self.servers
    }

    /// No host can ever go out with this share: it leaves none, and no other host can come.
    pub fn never_spares(&self, min_available: Floor) -> bool {
        self.leaves_none(min_available) && !self.has_free_slots
    }

    /// Describes a lack of servers. The text stays the same while nothing changes.
    pub fn shortage(&self, balancer: &str, min_available: Floor) -> String {
        self.lack(balancer, min_available, |out| {
            format!("{} is {}", out.name, out.status)
        })
    }

    /// The same, with how long each of them has been out.
    pub fn shortage_now(&self, balancer: &str, min_available: Floor) -> String {
        self.lack(balancer, min_available, OutServer::to_string)
    }

    fn lack(
        &self,
        balancer: &str,
        min_available: Floor,
        named: impl Fn(&OutServer) -> String,
    ) -> String {
        let (of, usable, going) = (self.of(balancer), self.usable, self.going());
        let out: Vec<String> = self.out.iter().take(MOST).map(named).collect();
        let more = match self.out.len().saturating_sub(MOST) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let out = match out.is_empty() {
            true => String::new(),
            false => format!(" (out: {}{more})", out.join(", ")),
        };
        let floor = self.described(min_available);
        format!("{of} has {usable} other usable servers{going}{out}, min_available is {floor}")
    }

    /// `2`, or `50%: 2 of 3 hosts`
    pub fn described(&self, min_available: Floor) -> String {
        match min_available {
            Floor::Servers(floor) => floor.to_string(),
            share => {
                let none = match (self.leaves_none(share), self.has_free_slots) {
                    (true, false) => ", so no host of this backend can ever go out with this share",
                    (true, true) => {
                        ", so no host of this backend can go out with this share until more hosts \
                         are in it"
                    }
                    (false, _) => "",
                };
                let floor = self.floor(share);
                format!("{share}: {floor} of {} hosts{none}", self.servers)
            }
        }
    }

    /// Names the servers that seem about to go: a twin that stays DOWN looks the same. It also
    /// names those that are not counted because they may be DOWN in a moment.
    pub fn going(&self) -> String {
        let named = |what: &str, servers: &[String]| match servers.is_empty() {
            true => String::new(),
            false => format!(" ({what}: {})", servers.join(", ")),
        };
        let claimed = named("goes next, as its twin is DOWN", &self.claimed);
        let unproven = named("not counted while it shows `UP n/m`", &self.unproven);
        claimed + &unproven
    }
}

impl fmt::Display for OutServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.name, self.status)?;
        match self.lasts {
            Some(lasts) => match lasts.as_secs() {
                seconds @ ..120 => write!(f, " for {seconds} s"),
                seconds @ ..7200 => write!(f, " for {} min", seconds / 60),
                seconds => write!(f, " for {} h", seconds / 3600),
            },
            None => Ok(()),
        }
    }
}
