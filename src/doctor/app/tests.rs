//! The points of an app, for each of its facts.

use super::super::Verdict::{self, Error, Ok as Well, Warning};
use super::super::reached::{Through, through};
use super::*;

fn app(bound: &[&str], through: &[Through]) -> App {
    App {
        app: "web".into(),
        label: "web".into(),
        table: "app.web".into(),
        is_current: Some(true),
        port: 1000,
        reached: Reached::of(bound, through),
        probed: "10.0.0.11:1000".parse().unwrap(),
        health: Ok(()),
        unverified: false,
        askable: Ok(()),
        restarts_by: "web.service".into(),
        restart: Ok(Vec::new()),
        beside: Ok(Vec::new()),
        leaving: Leaving::NoLines,
    }
}

fn wrong(app: &App) -> Vec<(&'static str, Verdict)> {
    let points = points(app)
        .into_iter()
        .filter(|point| point.verdict != Well);
    points.map(|point| (point.check, point.verdict)).collect()
}

#[test]
fn an_app_that_does_not_run_is_one_point() {
    let mut stopped = app(&[], &through("DOWN L4CON"));
    stopped.health = Err("refused".into());
    assert_eq!(wrong(&stopped), [("app-health", Error)]);
    let point = points(&stopped).remove(0);
    assert_eq!(point.found, "nothing listens on port 1000: refused");
    assert!(point.fix.unwrap().starts_with("start the app"));
    stopped.askable = Err(Fault::of("no program; write it", ""));
    assert_eq!(
        wrong(&stopped),
        [("app-address", Error), ("app-health", Error)]
    );
}

#[test]
fn an_idle_target_may_be_stopped() {
    let of = |is_current, bound: &[&str], health: Result<(), &str>| {
        let mut one = app(bound, &[]);
        one.health = health.map_err(str::to_owned);
        one.is_current = is_current;
        one.restart = Err(Unable {
            certain: vec![Fault::of("no unit", "")],
            unseen: None,
        });
        let points = points(&one).into_iter();
        points
            .map(|point| (point.check, point.verdict))
            .collect::<Vec<_>>()
    };
    let health = |verdict| ("app-health", verdict);
    let stopped: &[&str] = &[];
    assert_eq!(of(Some(false), stopped, Err("refused")), [health(Well)]);
    assert_eq!(of(None, stopped, Err("refused")), [health(Verdict::Unseen)]);
    let runs: &[&str] = &["0.0.0.0:1001"];
    assert_eq!(of(Some(false), runs, Ok(()))[1], health(Well));
    assert_eq!(
        of(Some(false), runs, Err("500"))[1],
        health(Verdict::Unseen)
    );
    assert_eq!(of(Some(true), runs, Err("500"))[1], health(Error));
}

#[test]
fn health_and_restart_have_their_points() {
    let sound = app(&["0.0.0.0:1000"], &through("UP"));
    assert_eq!(wrong(&sound), []);
    let fault = || Fault::of("it's gone; fix: bring it back", "");
    let two = || vec![fault(); 2];
    type Change<'a> = &'a dyn Fn(&mut App);
    let unable = |certain, unseen| Err(Unable { certain, unseen });
    let cases: [(Change<'_>, &[(&str, Verdict)]); 9] = [
        (
            &|app| app.restart = unable(Vec::new(), Some("not known")),
            &[("app-restart", Verdict::Unseen)],
        ),
        // One fault may be hidden behind another.
        (
            &|app| app.restart = unable(two(), Some("not known")),
            &[
                ("app-restart", Error),
                ("app-restart", Error),
                ("app-restart", Verdict::Unseen),
            ],
        ),
        (
            &|app| app.health = Err("it's gone".into()),
            &[("app-health", Error)],
        ),
        (&|app| app.askable = Err(fault()), &[("app-health", Error)]),
        (
            &|app| app.restart = unable(vec![fault()], None),
            &[("app-restart", Error)],
        ),
        (
            &|app| app.restart = Ok(two()),
            &[("app-restart", Warning); 2],
        ),
        (
            &|app| app.leaving = Leaving::Unknown(fault()),
            &[("connections", Error)],
        ),
        (&|app| app.beside = Err(two()), &[("app-beside", Error); 2]),
        (&|app| app.beside = Ok(vec!["it's meant".into()]), &[]),
    ];
    for (change, expected) in cases {
        let mut app = sound.clone();
        change(&mut app);
        assert_eq!(wrong(&app), expected);
    }
}
