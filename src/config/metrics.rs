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
    let wrong = |what: &str| Mistake::new(metrics.span(), format!("metrics: {what}"));
    let address: MetricsAddress = metrics.get_ref().parse().map_err(wrong)?;
    let MetricsAddress::Tcp(tcp) = &address else {
        return Ok(address);
    };
    let taken = |app: &&AppSettings| {
        let ports = app.ports;
        [
            Some(ports.port),
            Some(ports.status_port),
            ports.backup_status_port,
        ]
        .contains(&Some(tcp.port()))
    };
    match apps.iter().find(taken) {
        None => Ok(address),
        Some(app) => Err(wrong(&format!(
            "port {} is one of app.{} already: choose another",
            tcp.port(),
            app.name
        ))),
    }
}
