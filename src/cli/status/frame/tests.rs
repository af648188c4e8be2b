use super::*;
use crate::cli::status::PhaseNow;
use crate::gate::Side;
use crate::haproxy::Role;
use crate::operation::GateReport;

fn line(name: &str, role: Role, status: &str, in_flight: u64, sessions: u64) -> LineSeen {
    LineSeen {
        name: name.to_owned(),
        role,
        status: haproxy::Status::parse(status).unwrap(),
        proven: status == "UP",
        in_flight,
        sessions,
    }
}

fn draining(sessions: u64) -> Status {
    let gate = |side, status_port, position| GateReport {
        side,
        status_port,
        port: 1000,
        position,
        why: None,
    };
    let app = AppStatus {
        app: "web".to_owned(),
        gates: vec![
            gate(Side::Main, 2000, "closed"),
            gate(Side::Backup, 3000, "closed"),
        ],
        balancers: vec![
            BalancerReport {
                name: "tcp://10.0.0.1:9999".to_owned(),
                version: Some("2.6.12-1+deb12u2".to_owned()),
                lines: vec![
                    line("srvs/web1", Role::Main, "DOWN", 3, sessions),
                    line("srvs/bkp1", Role::Twin, "UP 1/2", 0, 7),
                ],
                error: None,
            },
            BalancerReport {
                name: "tcp://10.0.0.2:9999".to_owned(),
                version: None,
                lines: Vec::new(),
                error: Some("nobody listens".to_owned()),
            },
        ],
        held: None,
        phase: Some(PhaseNow {
            verb: "restart",
            phase: "drain",
            seconds: 4,
        }),
        health: "the app at 10.0.0.11:1000 is healthy".to_owned(),
        ..AppStatus::unseen("web", "a rule that is not ours".to_owned())
    };
    Status {
        apps: vec![app],
        operation: Some("`agent restart web`, pid 12, since 2026-11-21T12:00:00Z".to_owned()),
        sidecar: None,
    }
}

#[test]
fn all_there_is_in_80_columns() {
    let before = (Sessions::of(&draining(100)), Duration::from_secs(2));
    let frame = draining(340);
    let lines = Frame::new(&frame, Some(&before)).lines();
    let wanted = "\
sidecar    nobody
under way  `agent restart web`, pid 12, since 2026-11-21T12:00:00Z

web  out of rotation, how many hosts may go out can't be told
  at work  restart: drain for 4 s
  gates    2000 -> 1000 closed, 3000 -> 1000 closed
  health   the app at 10.0.0.11:1000 is healthy
  trouble  a rule that is not ours
  tcp://10.0.0.1:9999, HAProxy 2.6.12-1+deb12u2              in flight   new/s
    srvs/web1                      main         DOWN                 3     120
    srvs/bkp1                      twin         UP 1/2               0       0
  tcp://10.0.0.2:9999
    nobody listens";
    assert_eq!(lines.join("\n"), wanted);
    assert!(lines.iter().all(|line| line.chars().count() <= 80));
}

#[test]
fn without_a_look_before_or_after_a_reload_there_is_no_rate() {
    let now = draining(340);
    let first = Frame::new(&now, None).lines();
    assert!(first[9].ends_with(" 3       -"), "{}", first[9]);
    let before = (Sessions::of(&draining(1000)), Duration::from_secs(2));
    let reloaded = Frame::new(&now, Some(&before)).lines();
    assert!(reloaded[9].ends_with(" 3       -"), "{}", reloaded[9]);
}
