//! Parks ports in the kernel, by the same listing as the gates.

use super::seen::{positions, to_do};
use super::{ParkingPosition, Parkings};
use crate::gate::changes::RuleWatch;
use crate::gate::firewall::Firewall;
use crate::gate::iptables::GateError;
use crate::gate::rule_cache::RuleCache;

impl RuleCache {
    /// The position of each target, in their order.
    ///
    /// # Errors
    ///
    /// The tables can't be listed.
    pub async fn parked(
        &mut self,
        firewall: &Firewall,
        wanted: &Parkings,
    ) -> Result<Vec<ParkingPosition>, GateError> {
        Ok(positions(self.tables(firewall).await?, wanted))
    }

    /// Whether there is nothing to do: each target is parked or not, as wanted.
    ///
    /// # Errors
    ///
    /// The tables can't be listed.
    pub async fn are_parked(
        &mut self,
        firewall: &Firewall,
        wanted: &Parkings,
    ) -> Result<bool, GateError> {
        Ok(to_do(self.tables(firewall).await?, wanted).is_empty())
    }

    /// Parks and unparks the targets, and looks again. Ok means that the kernel shows each as wanted.
    /// True means that this took a change. The caller may repeat it.
    ///
    /// # Errors
    ///
    /// The tables can't be listed or changed, or are not as wanted after that.
    pub async fn park(
        &mut self,
        firewall: &Firewall,
        wanted: &Parkings,
    ) -> Result<bool, GateError> {
        self.change(firewall, |tables| to_do(tables, wanted)).await
    }
}

impl Firewall {
    /// [`RuleCache::parked`] without a cache.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn parked(&self, wanted: &Parkings) -> Result<Vec<ParkingPosition>, GateError> {
        RuleCache::new(RuleWatch::blind())
            .parked(self, wanted)
            .await
    }

    /// [`RuleCache::park`] without a cache.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn park(&self, wanted: &Parkings) -> Result<bool, GateError> {
        RuleCache::new(RuleWatch::blind()).park(self, wanted).await
    }
}
