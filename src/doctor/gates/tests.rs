use super::super::Verdict::{self, Error, Ok as Well, Unseen, Warning};
use super::*;

fn seen(role: Role) -> GateFacts {
    GateFacts {
        gate: Gate::of_web(role),
        position: Position::Open,
        foreign: Vec::new(),
        disproved: Vec::new(),
        native: Ok(()),
        listeners: Vec::new(),
        taken: Some(Taken::Reserved("`agent run`".into())),
    }
}

fn sound() -> Gates {
    Gates {
        app: "web".into(),
        label: "web".into(),
        table: "app.web".into(),
        is_current: Some(true),
        gates: PerGate {
            main: seen(Role::Main),
            twin: Some(seen(Role::Twin)),
        },
        unfinished: None,
        held: None,
        maintenance: false,
        under_way: false,
        sidecar: true,
        has_classic_twin: false,
        free_port: 3000,
    }
}

fn wrong(change: impl Fn(&mut Gates)) -> Vec<(&'static str, Verdict)> {
    let mut gates = sound();
    change(&mut gates);
    let points = points(&gates)
        .into_iter()
        .filter(|point| point.verdict != Well);
    points.map(|point| (point.check, point.verdict)).collect()
}

#[test]
fn a_port_that_another_process_has_is_a_fault() {
    let who = || vec!["grab (pid 7) on 0.0.0.0:2000".to_owned()];
    let point = |verdict| vec![("reserved-port", verdict)];
    for (taken, with_sidecar, alone) in [
        (Some(Taken::Reserved("`agent run`".into())), vec![], vec![]),
        (Some(Taken::Bound(who())), point(Error), point(Error)),
        (Some(Taken::Passing(who())), point(Warning), point(Warning)),
        (
            Some(Taken::Denied("no".into())),
            point(Warning),
            point(Warning),
        ),
        (Some(Taken::Listening), vec![], vec![]),
        (None, point(Warning), vec![]),
    ] {
        for (sidecar, expected) in [(true, with_sidecar), (false, alone)] {
            let with = |gates: &mut Gates| {
                gates.sidecar = sidecar;
                gates.gates.main.taken.clone_from(&taken);
            };
            assert_eq!(wrong(with), expected, "{taken:?} {sidecar}");
        }
    }
}

/// Of the single layout there is nothing to report.
#[test]
fn only_a_classic_twin_makes_the_layout_classic() {
    let with = |two_stage: bool, has_classic_twin| {
        wrong(|gates| {
            gates.has_classic_twin = has_classic_twin;
            gates.gates.twin = gates.gates.twin.take().filter(|_| two_stage);
        })
    };
    assert_eq!(with(false, true), [("layout", Warning)]);
    for (two_stage, classic) in [(false, false), (true, false), (true, true)] {
        assert_eq!(with(two_stage, classic), [], "{two_stage} {classic}");
    }
}

#[test]
fn a_free_port_has_no_owner() {
    assert_eq!(free_port(2000, &[1000, 2000]), 3000);
    assert_eq!(free_port(2000, &[2000, 3000, 3001]), 3002);
    assert_eq!(free_port(65000, &[65000, 1024]), 1025);
    assert_eq!(free_port(64535, &[65535]), 1024);
}

#[test]
fn a_gate_is_as_it_should_be_or_not() {
    let closed = |gates: &mut Gates| {
        gates.gates = gates.gates.clone().map(|seen| GateFacts {
            position: Position::Closed,
            ..seen
        });
    };
    assert_eq!(wrong(closed), [("gate", Warning); 2]);
    // A host with the bare program has no unit to start.
    let mut alone = sound();
    closed(&mut alone);
    alone.sidecar = false;
    let fix = points(&alone).remove(0).fix;
    assert_eq!(fix.as_deref(), Some("agent recover web"));
    let held = |gates: &mut Gates| gates.held = Some("an operator".into());
    assert_eq!(
        wrong(|gates| (closed(gates), held(gates)).0),
        [("held", Warning)]
    );
    assert_eq!(
        wrong(held),
        [("gate", Warning), ("gate", Warning), ("held", Warning)]
    );
    let broken = |gates: &mut Gates| gates.gates.main.position = Position::Broken("2 rules".into());
    assert_eq!(wrong(broken), [("gate", Error)]);
    let unseen = [("gate", Unseen)];
    assert_eq!(
        wrong(|gates| (broken(gates), gates.under_way = true).0),
        unseen
    );
}

#[test]
#[rustfmt::skip]
fn the_gates_of_an_idle_target_are_closed() {
    let all = |position: Position| move |gates: &mut Gates| {
        gates.gates = gates.gates.clone().map(|seen| GateFacts { position: position.clone(), ..seen });
    };
    let held = || Some("an operator".to_owned());
    for (is_current, position, held, expected) in [
        (Some(false), Position::Closed, None, &[][..]),
        (Some(false), Position::Closed, held(), &[("held", Warning)]),
        (Some(false), Position::Open, None, &[("gate", Error), ("gate", Error)]),
        (Some(false), Position::Open, held(), &[("gate", Error), ("gate", Error), ("held", Warning)]),
        (None, Position::Open, None, &[("gate", Unseen), ("gate", Unseen)]),
        (None, Position::Closed, None, &[("gate", Unseen), ("gate", Unseen)]),
        (Some(true), Position::Closed, None, &[("gate", Warning), ("gate", Warning)]),
    ] {
        let with = |gates: &mut Gates| {
            all(position.clone())(gates);
            (gates.is_current, gates.held) = (is_current, held.clone());
        };
        assert_eq!(wrong(with), expected, "{is_current:?} {position:?} {held:?}");
    }
    let mut idle = sound();
    (idle.label, idle.is_current) = ("web/green".into(), Some(false));
    let of: Vec<String> = points(&idle).into_iter().map(|point| point.of).collect();
    assert_eq!((of[0].as_str(), of.last().unwrap().as_str()), ("web/green", "web"));
}

/// A close disproves a rule that may redirect the checks, never one that certainly does.
#[test]
fn a_foreign_rule_has_its_point() {
    let removal = || Some("iptables -D X".to_owned());
    for (removal, disproved, expected) in [
        (removal(), false, &[("foreign-rule", Error)][..]),
        (removal(), true, &[("foreign-rule", Error)]),
        (None, false, &[("foreign-rule", Warning)]),
        (None, true, &[]),
    ] {
        let rule = || "-A X".to_owned();
        let with = |gates: &mut Gates| {
            let seen = &mut gates.gates.main;
            seen.disproved.extend(disproved.then(rule));
            seen.foreign.push(Foreign {
                rule: rule(),
                removal: removal.clone(),
            });
        };
        assert_eq!(wrong(with), expected, "{removal:?} {disproved}");
    }
}
