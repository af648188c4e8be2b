//! The address at which metrics are served, if any.

use super::AppSettings;
use super::mistake::Mistake;
use crate::metrics::MetricsAddress;
use toml::Spanned;

/// A status port on which the agent itself listens would always look open.
pub(crate) fn check_metrics(
    metrics: Spanned<String>,
    apps: &[AppSettings],
) -> Result<MetricsAddress, Mistake> {
    let wrong = |what: &str| Mistake::new(metrics.span(), what);
    let address: MetricsAddress = metrics.get_ref().parse().map_err(wrong)?;
    let MetricsAddress::Tcp(tcp) = &address else {
        return Ok(address);
    };
    let has_it = |app: &&AppSettings| app.ports.each().any(|port| port == tcp.port());
    let all: Vec<AppSettings> = apps.iter().flat_map(AppSettings::instances).collect();
    match all.iter().find(has_it) {
        None => Ok(address),
        Some(app) => Err(wrong(&format!(
            "port {} is one of {} already: choose another",
            tcp.port(),
            app.table()
        ))),
    }
}
