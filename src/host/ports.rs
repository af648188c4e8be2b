//! Reserves the app's status ports for as long as an operation or the sidecar depends on its
//! gates.

use super::ThisHost;
use crate::gate::{Reservation, Taken, shown, shows_bound, taken};
use crate::state::lock::Owner;
use std::time::{Duration, Instant};

/// A process that binds a port only to connect from it has connected by then.
const MOMENT: Duration = Duration::from_secs(1);

/// Between two looks in that moment.
const AGAIN: Duration = Duration::from_millis(50);

/// The looks of a process that does not reserve, at a port that seems to be bound by another one.
const LOOKS: u32 = 3;

impl ThisHost {
    /// Shares an existing reservation, the sidecar's.
    pub(crate) fn share(&mut self, reservation: &Reservation) {
        self.reservation = reservation.clone();
        self.reserves = Some(Owner::new("agent run"));
    }

    /// Reserves the status ports from now on. Another agent keeps what it has reserved. Waits a
    /// moment for a process that has bound one, because it may let go of it.
    pub(crate) async fn reserve(&mut self, command: &str, waits: bool) {
        self.reserves.get_or_insert_with(|| Owner::new(command));
        let began = Instant::now();
        let mut taken = self.taken();
        while taken.iter().any(|(_, taken)| is_bound(taken)) && waits && began.elapsed() < MOMENT {
            tokio::time::sleep(AGAIN).await;
            taken = self.taken();
        }
        self.taken_lately = Some(taken);
    }

    /// Tries again for missing ports: the sidecar that had them may have ended.
    pub(super) fn hold_ports(&self) {
        if let Some(who) = &self.reserves {
            for port in self.status_ports() {
                if self.reservation.take(port, self.ipv6()).is_ok() {
                    self.reservation.sign(port, &self.state_dir, who);
                }
            }
        }
    }

    /// The owners of the status ports that this process can't reserve.
    pub(crate) fn taken(&self) -> Vec<(u16, Taken)> {
        self.taken_of(self.status_ports())
    }

    /// The owners of those of these ports that this process can't reserve.
    pub(crate) fn taken_of(&self, ports: impl Iterator<Item = u16>) -> Vec<(u16, Taken)> {
        let taken = ports.map(|port| (port, self.taken_by(port)));
        taken.filter_map(|(port, who)| Some((port, who?))).collect()
    }

    /// The same, or what [`ThisHost::reserve`] has just found. A process that only looks tries
    /// again for a moment: another agent that has just reserved a port needs that to write its
    /// name.
    pub(crate) async fn seen_taken(&mut self) -> Vec<(u16, Taken)> {
        if let Some(taken) = self.taken_lately.take() {
            return taken;
        }
        for _ in 0..LOOKS {
            let taken = self.taken();
            if !taken.iter().any(|(_, taken)| is_bound(taken)) {
                return taken;
            }
            tokio::time::sleep(AGAIN / 2).await;
        }
        self.taken()
    }

    fn taken_by(&self, port: u16) -> Option<Taken> {
        let reservation = match &self.reserves {
            Some(_) => self.reservation.clone(),
            None if shows_bound() => return shown(port, &self.state_dir),
            // Freed again at once.
            None => Reservation::default(),
        };
        match self.taken_from(&reservation, port)? {
            // An agent that ends closes its sockets, and then frees the lock with its name. It
            // may have ended between the two looks.
            Taken::Bound(_) => self.taken_from(&reservation, port),
            taken => Some(taken),
        }
    }

    fn taken_from(&self, reservation: &Reservation, port: u16) -> Option<Taken> {
        let bound = reservation.take(port, self.ipv6());
        if let Some(who) = &self.reserves {
            reservation.sign(port, &self.state_dir, who);
        }
        Some(taken(port, &bound.err()?, &self.state_dir))
    }

    fn status_ports(&self) -> impl Iterator<Item = u16> {
        self.gates.iter().map(|gate| gate.status_port)
    }

    /// Whether the agent manages gates of IPv6, too.
    fn ipv6(&self) -> bool {
        self.firewall.has_ipv6()
    }
}

fn is_bound(taken: &Taken) -> bool {
    matches!(taken, Taken::Bound(_))
}
