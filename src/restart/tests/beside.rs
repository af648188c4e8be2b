//! What a restart takes down in addition to its own app.

use super::*;

fn app(balancer: BalancerObservation) -> Beside {
    Beside::App {
        name: "https".into(),
        why: "has the same unit, web.service".into(),
        balancers: vec![balancer],
    }
}

fn showing(lines: Vec<ServerLine>) -> BalancerObservation {
    BalancerObservation::of_lines(lines)
}

fn unconfigured(status: &str, in_flight: u64) -> Beside {
    Beside::Line {
        balancer: "lb".into(),
        name: "srvs/Main".into(),
        port: 1443,
        why: "which the same process serves, web (pid 7)".into(),
        line: Ok(line(Role::Main, status, in_flight)),
    }
}

fn refused(beside: Beside) -> Option<String> {
    let reasons = taken_down(&[beside], "http", &[]).err()?;
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    reasons.first().map(TakesDown::to_string)
}

#[test]
fn a_line_that_is_out_and_carries_nothing_is_no_reason() {
    for (role, status, in_flight, refuses) in [
        (Role::Main, "UP", 0, true),
        (Role::Main, "UP 1/3", 0, true),
        (Role::Main, "DRAIN", 0, true),
        (Role::Main, "no check", 0, true),
        (Role::Main, "DOWN 1/2", 0, true),
        (Role::Main, "DOWN", 0, false),
        (Role::Main, "DOWN", 1, true),
        (Role::Main, "MAINT", 0, false),
        (Role::Main, "MAINT", 2, true),
        (Role::Twin, "UP", 0, true),
        (Role::ClassicTwin, "UP", 0, false),
        (Role::ClassicTwin, "UP", 1, true),
    ] {
        let beside = app(showing(vec![line(role, status, in_flight)]));
        let message = format!("{role:?} {status} {in_flight}");
        assert_eq!(refused(beside).is_some(), refuses, "{message}");
    }
    assert!(refused(unconfigured("UP", 0)).is_some());
    assert!(refused(unconfigured("MAINT", 0)).is_none());
    // An app without lines, and one that can't be seen.
    assert!(refused(app(showing(vec![]))).is_none());
    assert!(refused(app(BalancerObservation::silent("timed out"))).is_some());
    assert_eq!(taken_down(&[], "http", &[]), Ok(vec![]));
}

#[test]
fn it_names_them_and_says_what_to_do() {
    let up = || showing(vec![line(Role::Main, "UP", 2)]);
    let said = refused(app(up())).unwrap();
    let wanted = "this restart takes down more than app http: app https has the same unit, \
                  web.service (lb srvs/Main is UP with 2 requests in flight); run `agent close https` before";
    assert!(said.starts_with(wanted), "{said}");
    let said = refused(unconfigured("UP", 0)).unwrap();
    let wanted = "lb srvs/Main sends users to port 1443, which the same process serves, web (pid 7) \
                  (srvs/Main is UP); give it";
    assert!(said.contains(wanted), "{said}");
    assert!(said.contains("also_restarts = [\"srvs/Main\"] in [app.http]"));
}

#[test]
fn an_app_in_also_restarts_is_only_a_notice() {
    let beside = [
        app(showing(vec![line(Role::Main, "UP", 0)])),
        unconfigured("UP", 0),
    ];
    let meant = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        taken_down(&beside, "http", &names)
    };
    let message = meant(&["https", "srvs/Main"]).unwrap();
    assert_eq!(message.len(), 2);
    assert!(message[0].ends_with("(lb srvs/Main is UP), as also_restarts allows"));
    assert_eq!(meant(&["https"]).unwrap_err().len(), 1);
    assert_eq!(meant(&["other"]).unwrap_err().len(), 2);
}
