//! The tables in use as last listed, and the changes that bring the gates to the wanted positions.
//! Listing both families takes longer than asking HAProxy does. So the agent lists them only if
//! the kernel does not confirm that no rule has changed since.

use super::view::{Tables, View, position_everywhere, to_do};
use super::{Change, Destination, Firewall, Gate, GateError, Iptables, Mark, Position, RuleWatch};
use crate::restart::PerGate;
use std::net::IpAddr;

/// The tables in use, with the mark of their last listing.
pub struct RuleCache {
    watch: RuleWatch,
    last: Option<(Tables, Option<Mark>)>,
    place: Option<(Serving, Destination, Option<Mark>)>,
}

/// The port of a current target, and the address on which it listens, if HAProxy's line has another.
type Serving = (u16, Option<IpAddr>);

impl RuleCache {
    /// An empty cache.
    pub fn new(watch: RuleWatch) -> RuleCache {
        RuleCache {
            watch,
            last: None,
            place: None,
        }
    }

    /// Looks at everything, whatever the mark is.
    ///
    /// # Errors
    ///
    /// The tables can't be listed.
    pub async fn look(&mut self, firewall: &Firewall) -> Result<View, GateError> {
        let mark = self.watch.mark();
        let view = firewall.look().await?;
        self.last = Some((view.used.clone(), mark));
        Ok(view)
    }

    /// Where idle targets are parked now while the current one is there: see [`View::place`]. A
    /// container has an address only while it runs. So this looks at everything, unless the kernel
    /// confirms that no rule has changed since.
    ///
    /// # Errors
    ///
    /// The tables can't be listed.
    pub async fn place(
        &mut self,
        firewall: &Firewall,
        serving: Serving,
    ) -> Result<Destination, GateError> {
        let mark = self.watch.mark();
        if let Some((of, place, then)) = &self.place
            && (*of, then) == (serving, &mark)
            && mark.is_some()
        {
            return Ok(*place);
        }
        let place = self.look(firewall).await?.place(serving.0, serving.1);
        self.place = Some((serving, place, mark));
        Ok(place)
    }

    /// Each gate's position, by the tables in use alone.
    ///
    /// # Errors
    ///
    /// The tables can't be listed.
    pub async fn positions(
        &mut self,
        firewall: &Firewall,
        gates: &PerGate<Gate>,
    ) -> Result<PerGate<Position>, GateError> {
        let tables = self.tables(firewall).await?;
        Ok(gates.as_ref().map(|gate| position_everywhere(tables, gate)))
    }

    /// Whether there is nothing to do: each gate is open or closed, as wanted.
    ///
    /// # Errors
    ///
    /// The tables can't be listed.
    pub async fn are_as_wanted(
        &mut self,
        firewall: &Firewall,
        wanted: &[(&Gate, bool)],
    ) -> Result<bool, GateError> {
        Ok(to_do(self.tables(firewall).await?, wanted).is_empty())
    }

    /// Opens or closes each gate, and looks again. Ok means that the kernel shows each gate as
    /// wanted. True means that this took a change. The caller may repeat it.
    ///
    /// # Errors
    ///
    /// The tables can't be listed or changed, or are not as wanted after that.
    pub async fn ensure(
        &mut self,
        firewall: &Firewall,
        wanted: &[(&Gate, bool)],
    ) -> Result<bool, GateError> {
        self.change(firewall, |tables| to_do(tables, wanted)).await
    }

    /// Makes the changes that `left` finds in the tables, and looks again. True means that there were
    /// any.
    pub(super) async fn change(
        &mut self,
        firewall: &Firewall,
        left: impl Fn(&Tables) -> Vec<(Iptables, Vec<Change>)>,
    ) -> Result<bool, GateError> {
        // Twice: another process may change the rules in between.
        for nth in 0..2 {
            let changes = left(self.tables(firewall).await?);
            if changes.is_empty() {
                return Ok(nth > 0);
            }
            for (iptables, changes) in changes {
                for change in changes {
                    iptables.make(&change).await?;
                }
            }
        }
        let left = left(self.tables(firewall).await?);
        match left.first() {
            Some((iptables, left)) => iptables.nothing_left(left).map(|()| true),
            None => Ok(true),
        }
    }

    pub(super) async fn tables(&mut self, firewall: &Firewall) -> Result<&Tables, GateError> {
        // Before the listing, which does not have later changes. Our own change moves the mark, too: so
        // the next call lists anew.
        let mark = self.watch.mark();
        let tables = match self.last.take() {
            Some((tables, then)) if mark.is_some() && then == mark => tables,
            _ => firewall.tables().await?,
        };
        Ok(&self.last.insert((tables, mark)).0)
    }
}

impl Firewall {
    /// [`RuleCache::positions`] without a cache.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn positions(&self, gates: &PerGate<Gate>) -> Result<PerGate<Position>, GateError> {
        let mut cache = RuleCache::new(RuleWatch::blind());
        cache.positions(self, gates).await
    }

    /// [`RuleCache::ensure`] without a cache.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn ensure(&self, wanted: &[(&Gate, bool)]) -> Result<bool, GateError> {
        RuleCache::new(RuleWatch::blind())
            .ensure(self, wanted)
            .await
    }
}
