use super::*;
use crate::cli::status::group_lock::GroupLockStatus;
use crate::cli::status::model::{Health, Others, PhaseNow};
use crate::cli::status::owners::LockOwner;
use crate::cli::status::targets::TargetStatus;
use crate::haproxy::Role;
use crate::lock::LockLook;
use crate::report::GateReport;
use crate::state::lock::Owner;

fn line(name: &str, role: Role, status: &str, in_flight: u64, sessions: u64) -> ServerLine {
    ServerLine {
        in_flight,
        sessions,
        connections: Some(in_flight),
        ..ServerLine::idle(name, role, status)
    }
}

fn draining(sessions: u64) -> Status {
    let gate = |role, status_port, position| GateReport {
        role,
        target: None,
        status_port,
        port: 1000,
        address: None,
        position,
        why: None,
    };
    let app = AppStatus {
        app: "web".to_owned(),
        target: None,
        targets: Vec::new(),
        gates: vec![
            gate(Role::Main, 2000, "closed"),
            gate(Role::Twin, 3000, "closed"),
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
                error: Some("connection refused".to_owned()),
            },
        ],
        hold: None,
        phase: Some(PhaseNow {
            verb: "restart",
            phase: "drain",
            seconds: 4,
            settled: true,
        }),
        health: Health::of("10.0.0.11:1000".parse().unwrap(), &Ok(())),
        ..AppStatus::not_seen("web", "a rule that is not ours".to_owned())
    };
    Status {
        needs_root: &[],
        host: "web1".to_owned(),
        exit: 1,
        apps: vec![app],
        operation: Some(LockOwner::from(Some(Owner {
            command: "agent restart web".to_owned(),
            pid: 12,
            since: 1_795_262_400,
            brief: false,
        }))),
        sidecar: None,
        older_settings: None,
        windows: None,
        lock: None,
    }
}

#[test]
fn all_there_is_in_80_columns() {
    let before = (Sessions::of(&draining(100)), Duration::from_secs(2));
    let frame = draining(340);
    let lines = Frame::new(&frame, Some(&before)).lines();
    let wanted = "sidecar    does not run
under way  `agent restart web`, pid 12, since 2026-11-21T12:00:00Z

web  out of rotation, capacity unknown: a balancer can't be seen
  at work  restart: drain for 4 s
  gates    2000 -> 1000 closed, 3000 -> 1000 closed
  health   the app at 10.0.0.11:1000 is healthy
  trouble  a rule that is not ours
  tcp://10.0.0.1:9999, HAProxy 2.6.12-1+deb12u2              in flight   new/s
    srvs/web1                      main         DOWN                 3     120
    srvs/bkp1                      twin         UP 1/2               0       0
  tcp://10.0.0.2:9999
    connection refused";
    assert_eq!(lines.join("\n"), wanted);
    assert!(lines.iter().all(|line| line.chars().count() <= 80));
}

/// `web/blue` is current, and the line of each other target follows its health.
#[test]
fn an_idle_target_has_a_line() {
    let mut frame = draining(340);
    let target = |name: &str, current| TargetStatus {
        name: name.to_owned(),
        current,
        running: current,
        healthy: current,
        ready_until_unix_seconds: None,
        parked: Some(!current),
        gates: Vec::new(),
        text: "stopped, parked on blue".to_owned(),
    };
    frame.apps[0].target = Some("blue".to_owned());
    frame.apps[0].targets = vec![target("blue", true), target("green", false)];
    let lines = Frame::new(&frame, None).lines().join("\n");
    assert!(lines.contains("\nweb/blue  out of rotation"), "{lines}");
    let idle = "is healthy\n  idle     green: stopped, parked on blue\n  trouble";
    assert!(lines.contains(idle), "{lines}");
    let text = crate::cli::status::text::text(&frame);
    assert!(
        text.contains("\nweb/green: stopped, parked on blue\n"),
        "{text}"
    );
    assert!(!text.contains("web/blue: stopped"), "{text}");
}

/// The fix is at the end of the text.
#[test]
fn trouble_is_wrapped_and_not_cut() {
    let mut frame = draining(1);
    let fix = "stop it, or take another status port, and say `agent recover web` after that";
    frame.apps[0].trouble = vec![format!("x (pid 1) on 0.0.0.0:2000 answers there: {fix}")];
    frame.apps[0].balancers[1].error = Some(format!("connection refused there, and why: {fix}"));
    let lines = Frame::new(&frame, None).lines();
    let wanted = "  trouble  x (pid 1) on 0.0.0.0:2000 answers there: stop it, or take another
           status port, and say `agent recover web` after that";
    assert!(lines.join("\n").contains(wanted), "{lines:#?}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80));
    assert!(lines.last().unwrap().ends_with("after that"), "{lines:#?}");
}

#[test]
fn lines_without_room_are_counted() {
    let lines = Frame::new(&draining(1), None).lines();
    let count = lines.len();
    assert_eq!(fitting(lines.clone(), count), lines);
    let fits = fitting(lines.clone(), 5);
    assert_eq!((fits.len(), &fits[..4]), (5, &lines[..4]));
    let more = format!("and {} more lines", count - 4);
    assert!(fits[4].starts_with(&more), "{fits:?}");
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

/// As wide as the frame, because the end says why.
#[test]
fn the_lock_of_the_group_has_a_line() {
    let mut frame = draining(1);
    let away = format!(
        "http://10.0.0.5:2379: {}",
        "no answer within 3s; ".repeat(4)
    );
    for (seen, wanted) in [
        (
            LockLook::Queue(Vec::new()),
            "\nlock       group web: free\n\nweb  ",
        ),
        (
            LockLook::Away(away),
            "\nlock       group web: the lock server is away",
        ),
    ] {
        frame.lock = Some(GroupLockStatus::of("web", &seen));
        let lines = Frame::new(&frame, None).lines();
        assert!(lines.join("\n").contains(wanted), "{lines:#?}");
        assert!(lines.iter().all(|line| line.chars().count() <= 80));
    }
}

/// What another user does not see is no trouble, and hides none.
#[test]
fn what_only_root_sees_has_lines_of_its_own() {
    let mut status = draining(1);
    status.apps[0].trouble = vec!["the script fails: it needs root".to_owned()];
    status.apps[0].unseen = vec!["not known: needs root".to_owned()];
    let text = crate::cli::status::text::text(&status);
    assert!(
        text.contains(
            "web: trouble: the script fails: it needs root\nweb: not known: needs root\n"
        )
    );
    let frame = Frame::new(&status, None).lines().join("\n");
    assert!(frame.contains("  trouble  the script fails: it needs root\n  unseen   not known"));
    status.apps[0].trouble.clear();
    let others = Others {
        under_way: true,
        sidecar: true,
    };
    assert!(!status.apps.remove(0).judged(others).well);
}
