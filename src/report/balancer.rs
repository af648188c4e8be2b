//! One balancer in a report.

use crate::haproxy::{BalancerObservation, ServerLine};
use serde::Serialize;

/// What one balancer shows.
#[derive(Debug, Serialize)]
pub struct BalancerReport {
    /// Its name.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// HAProxy's version.
    pub version: Option<String>,
    /// Our lines.
    pub lines: Vec<ServerLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Why they can't be seen.
    pub error: Option<String>,
}

impl From<&BalancerObservation> for BalancerReport {
    fn from(balancer: &BalancerObservation) -> BalancerReport {
        let worker = balancer.worker.as_ref();
        let why = balancer.answer.as_ref().err();
        BalancerReport {
            name: balancer.name.clone(),
            version: worker.map(|worker| worker.version.clone()),
            lines: balancer.lines().to_vec(),
            error: why.map(ToString::to_string),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::haproxy::{Role, Worker};
    use serde_json::json;

    fn shown(balancer: BalancerObservation) -> serde_json::Value {
        let worker = Worker {
            version: "2.6.12".to_owned(),
            pid: 7,
            uptime: 5,
            started: 0,
        };
        json!(BalancerReport::from(&BalancerObservation {
            worker: Some(worker),
            ..balancer
        }))
    }

    /// Scripts read these fields.
    #[test]
    fn it_has_either_lines_or_an_error_and_no_field_more() {
        let line = ServerLine::idle("srvs/bkp1", Role::Twin, "UP 1/2");
        let wanted = json!({
            "name": "lb",
            "version": "2.6.12",
            "lines": [{
                "name": "srvs/bkp1",
                "role": "twin",
                "status": "UP 1/2",
                "state": "up_unproven",
                "out": false,
                "check": null,
                "proven": false,
                "in_flight": 0,
                "mode": "http",
                "sessions": 0,
                "connections": 0,
            }],
        });
        assert_eq!(shown(BalancerObservation::of_lines(vec![line])), wanted);
        let wanted =
            json!({"name": "lb", "version": "2.6.12", "lines": [], "error": "connection refused"});
        assert_eq!(
            shown(BalancerObservation::silent("connection refused")),
            wanted
        );
    }
}
