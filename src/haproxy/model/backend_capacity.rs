//! The capacity of a backend of ours without this host.

/// The capacity of one backend without this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendCapacity {
    /// The backend.
    pub backend: String,
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

    /// Describes a lack of servers.
    pub fn shortage(&self, balancer: &str, min_available: usize) -> String {
        let (of, usable, going) = (self.of(balancer), self.usable, self.going());
        format!("{of} has {usable} other usable servers{going}, min_available is {min_available}")
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
