//! What the operator reads of the page.

use super::*;
use crate::gate::Gate;
use crate::haproxy::{BalancerObservation, Role, ServerLine};

fn look(health: Result<(), &str>, lines: &[&str]) -> BesideLook {
    let balancer = |status: &&str| {
        BalancerObservation::of_lines(vec![ServerLine::idle("srvs/page1", Role::Main, status)])
    };
    BesideLook {
        address: "127.0.0.1:1009".parse().unwrap(),
        health: health.map_err(str::to_owned),
        balancers: lines.iter().map(balancer).collect(),
    }
}

fn status(on: Option<&BesideLook>, gate: Position, parked: ParkingPosition) -> PageStatus {
    let of_page = Gate {
        target: Some("page".to_owned()),
        status_port: 2009,
        ..Gate::of_web(Role::Main)
    };
    SeenPage {
        app: "web",
        gate: (&of_page, gate),
        is_on: match on {
            Some(_) => IsOn::Yes("`agent maintenance on web`: a move".to_owned()),
            None => IsOn::No,
        },
        look: on,
        is_served: true,
        parked: Some((1000, parked)),
        sidecar: false,
    }
    .status()
}

#[test]
fn what_keeps_users_from_the_page_is_trouble() {
    use ParkingPosition::{NotSet, Set};
    use Position::{Closed, Open};
    let well = look(Ok(()), &["UP", "UP"]);
    let silent = look(Err("connection refused"), &["UP", "UP"]);
    let down = look(Ok(()), &["UP", "DOWN"]);
    let kept = look(Ok(()), &["UP", "MAINT"]);
    let on = "`agent maintenance on web` opens it";
    for (seen, gate, parked, says) in [
        (None, Closed, NotSet, &[][..]),
        (
            None,
            Open,
            NotSet,
            &["2009 is open, although maintenance is off"],
        ),
        (
            None,
            Closed,
            Set,
            &["the app's port 1000 is parked: a rule"],
        ),
        (Some(&well), Open, Set, &[]),
        (
            Some(&well),
            Position::Unknown("needs root".to_owned()),
            Set,
            &[],
        ),
        (Some(&well), Closed, Set, &[on]),
        (
            Some(&well),
            Position::Broken("doubled".to_owned()),
            Set,
            &[on],
        ),
        (
            Some(&well),
            Open,
            NotSet,
            &["port 1000 is not parked: right after a reload"],
        ),
        (
            Some(&silent),
            Open,
            Set,
            &["`systemctl restart haproxy-gate-page@web`"],
        ),
        (
            Some(&down),
            Open,
            Set,
            &["srvs/page1 is DOWN, so users meet no page"],
        ),
        (
            Some(&kept),
            Open,
            Set,
            &["set server srvs/page1 state ready"],
        ),
        (Some(&down), Closed, Set, &[on, "is DOWN"]),
    ] {
        let status = status(seen, gate.clone(), parked.clone());
        assert_eq!(status.trouble.len(), says.len(), "{:?}", status.trouble);
        for (trouble, says) in status.trouble.iter().zip(says) {
            assert!(trouble.contains(says), "{trouble}");
        }
        assert_eq!(status.maintenance, Some(seen.is_some()));
    }
}

#[test]
fn a_page_is_one_line_and_data() {
    use ParkingPosition::Set;
    let down = look(Ok(()), &["UP", "DOWN"]);
    let on = status(Some(&down), Position::Open, Set);
    assert_eq!(
        on.text,
        "maintenance is on: users meet the page. It answers, its gate is open, UP on 1 of 2 \
         balancers; by `agent maintenance on web`: a move"
    );
    let data = serde_json::json!(on);
    assert_eq!(data["maintenance"], true);
    assert_eq!(
        (&data["answers"], &data["up_on"]),
        (&true.into(), &1.into())
    );
    assert_eq!(data["balancers"].as_array().unwrap().len(), 2);
    assert_eq!(data["parked"], true);
    assert_eq!(data["gate"]["position"], "open");
    let off = serde_json::json!(status(None, Position::Closed, ParkingPosition::NotSet));
    assert_eq!(
        (&off["maintenance"], &off["answers"]),
        (&false.into(), &serde_json::Value::Null)
    );
}
