//! Each point of an app with targets, by the facts that fire it.

use super::*;
use crate::app::NO_BOOT;
use crate::doctor::Verdict::{self, Error, Ok as Well, Unseen, Warning};
use crate::doctor::fault::Fault;
use crate::gate::{Destination, Foreign, Parking, ParkingPosition};
use crate::host::TargetLook;
use crate::operation::{By, Current};
use crate::state::target::Intent;
use std::collections::BTreeSet;

fn look(name: &str, runs: bool) -> TargetLook {
    TargetLook {
        name: name.into(),
        open: runs,
        runs,
        health: if runs { Ok(()) } else { Err("refused".into()) },
    }
}

fn run(target: &str) -> TargetRun {
    TargetRun {
        target: target.into(),
        start: format!("systemctl start web@{target}.service (D-Bus)"),
        stop: format!("systemctl stop web@{target}.service"),
        checked: Ok(Vec::new()),
        at_boot: Some((format!("web@{target}.service"), target == "blue")),
        with: Vec::new(),
    }
}

fn parked(target: &str, port: u16, to: Option<Destination>, position: ParkingPosition) -> Parked {
    Parked {
        wanted: Parking {
            target: target.into(),
            port,
            to,
        },
        position,
        by_others: Vec::new(),
    }
}

/// Blue is current, green is stopped.
fn sound() -> Targets {
    let blue = Destination::Port(1000);
    Targets {
        app: "web".into(),
        record: Some(Intent {
            current: "blue".into(),
            since_unix_s: 1_795_248_000,
            ready: None,
            ready_until_unix_s: None,
            ready_failed: false,
        }),
        current: Ok(Current {
            target: "blue".into(),
            by: By::Record,
        }),
        looks: vec![look("blue", true), look("green", false)],
        runs: vec![run("blue"), run("green")],
        verify: Some(Ok("/usr/local/sbin/smoke".into())),
        ports: Some(Ports {
            each: vec![
                parked("blue", 1000, None, ParkingPosition::NotSet),
                parked("green", 1001, Some(blue), ParkingPosition::Set),
            ],
            gone: Vec::new(),
            here: Vec::new(),
            own_cookies: None,
        }),
        under_way: false,
        now: 1_795_250_000,
    }
}

type Change<'a> = &'a dyn Fn(&mut Targets);

/// A change, and the points that are then not ok.
type Case = (Box<dyn Fn(&mut Targets)>, Vec<(&'static str, Verdict)>);

/// The points that are not ok.
fn wrong(change: Change<'_>) -> Vec<(&'static str, Verdict)> {
    let mut targets = sound();
    change(&mut targets);
    let points = points(&targets).into_iter().chain(ports(&targets));
    let wrong = points.filter(|point| point.verdict != Well);
    wrong.map(|point| (point.check, point.verdict)).collect()
}

fn ready(until: Option<u64>, runs: bool) -> impl Fn(&mut Targets) {
    move |targets| {
        let record = targets.record.as_mut().unwrap();
        record.ready = Some("green".into());
        record.ready_until_unix_s = until.map(|left| targets.now - 100 + left);
        targets.looks[1] = look("green", runs);
    }
}

fn fault() -> Fault {
    Fault::of("it's gone; bring it back", "")
}

#[test]
fn a_stopped_idle_target_is_no_trouble() {
    assert_eq!(wrong(&|_| {}), []);
    let targets = sound();
    let said: Vec<String> = points(&targets)
        .into_iter()
        .map(|point| point.found)
        .collect();
    assert_eq!(said[0], "web/blue is current, since 2026-11-21T08:00:00Z");
    assert_eq!(said.last().unwrap(), "no idle target runs");
    assert_eq!(
        ports(&targets)[0].found,
        "port 1001 is parked: it redirects to 1000"
    );
}

#[test]
fn the_current_target_is_known_and_serves() {
    let sick =
        |targets: &mut Targets| targets.looks = vec![look("blue", false), look("green", true)];
    let cases: [(Change<'_>, &[(&str, Verdict)]); 5] = [
        // Nor are the ports known that are to be parked.
        (
            &|one| (one.current = Err(fault()), one.ports = None).0,
            &[("current-target", Error), ("parking", Unseen)],
        ),
        (
            &|one| sick(one),
            &[("current-target", Error), ("ready-target", Warning)],
        ),
        // `app-health` reports a host without any healthy target.
        (&|one| one.looks[0] = look("blue", false), &[]),
        (
            &|one| (sick(one), one.under_way = true).0,
            &[("current-target", Unseen)],
        ),
        (&|one| one.looks.clear(), &[]),
    ];
    for (nth, (change, expected)) in cases.into_iter().enumerate() {
        assert_eq!(wrong(change), expected, "{nth}");
    }
    let mut targets = sound();
    sick(&mut targets);
    let fix = points(&targets).remove(0).fix;
    assert_eq!(fix.as_deref(), Some("agent open web --to green"));
}

#[test]
fn each_target_starts_and_stops_alone_and_a_boot_starts_the_current_one() {
    let no_boot = || vec![Fault::of(&format!("no; {NO_BOOT}; enable it"), "")];
    let warned = &[("target-run", Warning)][..];
    let failed = &[("target-run", Error)][..];
    let cases: [(Change<'_>, &[(&str, Verdict)]); 6] = [
        (&|one| one.runs[1].checked = Err(fault()), failed),
        (&|one| one.runs[0].checked = Ok(no_boot()), warned),
        (&|one| one.runs[1].checked = Ok(no_boot()), &[]),
        (&|one| one.runs[1].checked = Ok(vec![fault()]), warned),
        (
            &|one| one.runs[1].at_boot.as_mut().unwrap().1 = true,
            warned,
        ),
        (&|one| one.runs[0].with = vec![fault()], failed),
    ];
    for (nth, (change, expected)) in cases.into_iter().enumerate() {
        assert_eq!(wrong(change), expected, "{nth}");
    }
}

#[test]
fn verify_can_run() {
    assert_eq!(
        wrong(&|one| one.verify = Some(Err(fault()))),
        [("verify", Error)]
    );
    assert_eq!(wrong(&|one| one.verify = None), []);
}

#[test]
fn an_idle_target_runs_only_while_it_is_ready() {
    let warned = &[("ready-target", Warning)][..];
    for (nth, (until, runs, expected)) in [
        (Some(700), true, &[][..]),
        (Some(700), false, warned),
        (Some(100), true, warned),
        (Some(0), true, warned),
        (Some(0), false, &[]),
        (None, true, warned),
        (None, false, warned),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(wrong(&ready(until, runs)), expected, "{nth}");
    }
    let by_hand = |one: &mut Targets| one.looks[1] = look("green", true);
    assert_eq!(wrong(&by_hand), warned);
    let gone = |one: &mut Targets| one.record.as_mut().unwrap().ready = Some("red".into());
    assert_eq!(wrong(&gone), warned);
    let mut targets = sound();
    ready(Some(700), true)(&mut targets);
    let said = points(&targets).pop().unwrap();
    assert_eq!(
        (said.of.as_str(), said.found.as_str()),
        (
            "web/green",
            "is ready for 600 s more: `agent switch web --back`"
        )
    );
}

#[test]
fn a_target_that_a_failed_switch_left_is_no_way_back() {
    let mut targets = sound();
    targets.looks[1].runs = true;
    targets.record = targets.record.map(|record| record.with_failed("green"));
    let point = points(&targets).pop().unwrap();
    assert_eq!(point.verdict, Warning);
    assert!(point.found.contains("is no way back"), "{point:?}");
    assert_eq!(point.fix.unwrap().to_string(), "agent switch web --finish");
}

#[test]
fn the_port_of_an_idle_target_is_parked() {
    let at = |nth: usize, position: ParkingPosition| {
        move |targets: &mut Targets| {
            targets.ports.as_mut().unwrap().each[nth].position = position.clone();
        }
    };
    let broken = || ParkingPosition::Broken("2 rules".into());
    let foreign = |nth: usize| {
        move |targets: &mut Targets| {
            let each = &mut targets.ports.as_mut().unwrap().each[nth];
            each.by_others.push(Foreign {
                rule: "-A X".into(),
                removal: None,
            });
        }
    };
    let here = |own_cookies| {
        move |targets: &mut Targets| {
            let ports = targets.ports.as_mut().unwrap();
            (ports.here, ports.own_cookies) = (vec!["/run/lb.sock".into()], own_cookies);
        }
    };
    let point = |verdict| vec![("parking", verdict)];
    let cases: Vec<Case> = vec![
        (Box::new(at(1, ParkingPosition::NotSet)), point(Warning)),
        (Box::new(at(1, broken())), point(Error)),
        (
            Box::new(at(1, ParkingPosition::Unknown("no".into()))),
            point(Unseen),
        ),
        (Box::new(at(0, broken())), point(Error)),
        (Box::new(foreign(0)), point(Error)),
        (Box::new(foreign(1)), point(Warning)),
        (
            Box::new(|one| one.ports.as_mut().unwrap().gone.push("-A X".into())),
            point(Warning),
        ),
        (Box::new(here(Some(false))), point(Warning)),
        (Box::new(here(Some(true))), vec![]),
        (Box::new(here(None)), point(Unseen)),
        (Box::new(|one| one.ports = None), point(Unseen)),
    ];
    for (nth, (change, expected)) in cases.into_iter().enumerate() {
        assert_eq!(wrong(&*change), expected, "{nth}");
    }
    let under_way = |one: &mut Targets| (at(1, broken())(one), one.under_way = true).0;
    assert_eq!(wrong(&under_way), point(Unseen));
}

#[test]
fn a_cookie_of_its_own_is_shared_with_no_other_target() {
    let of = |targets: &[&[&str]]| {
        let cookie = |cookie: &&str| (!cookie.is_empty()).then(|| (*cookie).to_owned());
        let one = |cookies: &&[&str]| cookies.iter().map(cookie).collect::<BTreeSet<_>>();
        are_own(&targets.iter().map(one).collect())
    };
    assert!(of(&[&["w1-blue"], &["w1-green"]]));
    for shared in [&[&["w1"][..], &["w1"]], &[&[""], &[""]], &[&["w1"], &[""]]] {
        assert!(!of(shared), "{shared:?}");
    }
}
