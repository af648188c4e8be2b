//! The other servers of a backend of ours, counted.

/// How a backend would do without us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendCapacity {
    /// The backend.
    pub backend: String,
    /// Its other servers that take new users now.
    pub usable: usize,
    /// Those of them that are about to go out of rotation: their twin alone is DOWN.
    pub claimed: Vec<String>,
    /// Those of these with a higher address than ours: of hosts that claim together they give
    /// way to us.
    pub claimed_after_us: Vec<String>,
    /// Those whose main line shows `UP n/m`: a check has failed and the next may turn it DOWN,
    /// or HAProxy was reloaded and has not checked it yet. They are not counted as usable.
    pub unproven: Vec<String>,
}

impl BackendCapacity {
    /// Which backend of which balancer.
    pub fn of(&self, balancer: &str) -> String {
        format!("{balancer} backend {}", self.backend)
    }

    /// Its other servers that will take new users in a moment, too.
    pub fn staying(&self) -> usize {
        self.usable.saturating_sub(self.claimed.len())
    }

    /// The same once those that claim together with us, and after us, have given way. Those that
    /// had claimed `before` us do not: they go, or their twin is DOWN for good.
    pub fn staying_in_turn(&self, before: &[String]) -> usize {
        let together = |server: &&String| !before.contains(server);
        self.staying() + self.claimed_after_us.iter().filter(together).count()
    }

    /// Its other servers that are not out: the next checks decide on some of them.
    pub fn not_out(&self) -> usize {
        self.usable + self.unproven.len()
    }

    /// That there are fewer than asked for.
    pub fn shortage(&self, balancer: &str, min_available: usize) -> String {
        let (of, usable, going) = (self.of(balancer), self.usable, self.going());
        format!("{of} has {usable} other usable servers{going}, min_available is {min_available}")
    }

    /// Which of them are about to go, or seem so: a twin that is DOWN for good looks the same.
    /// And which are not counted among them, as they may be DOWN in a moment.
    pub fn going(&self) -> String {
        let named = |what: &str, servers: &[String]| match servers.is_empty() {
            true => String::new(),
            false => format!(" ({what}: {})", servers.join(", ")),
        };
        let claimed = named("about to go, as its twin is DOWN", &self.claimed);
        let unproven = named("not counted while it shows `UP n/m`", &self.unproven);
        claimed + &unproven
    }
}
