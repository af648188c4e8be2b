use super::super::Verdict::{self, Error, Ok as Well, Unseen, Warning};
use super::*;

fn gate() -> Gate {
    Gate::of_web(Role::Main)
}

fn entry(app: &str, check: Option<&str>, still: Option<&str>, seconds: Option<f64>) -> Entry {
    Entry {
        app: app.into(),
        verb: "restart".into(),
        started_at: 1_795_277_656.0,
        detection: vec![Detection {
            balancer: "lb".into(),
            line: "srvs/web1".into(),
            check: check.map(str::to_owned),
            still: still.map(str::to_owned),
            down_seconds: seconds,
            up_seconds: seconds,
            ..Detection::default()
        }],
        ..Entry::default()
    }
}

/// The points: check, verdict, finding.
fn judged(entries: &[Entry], now: Option<&str>) -> Vec<(&'static str, Verdict, String)> {
    let mut evidence = Evidence {
        out_of_rotation: Duration::from_secs(30),
        in_rotation: Duration::from_secs(60),
        ..Evidence::default()
    };
    evidence.read("web", entries);
    let checked = Checked {
        gate: gate(),
        now: now.map(|word| vec![word.to_owned()]),
    };
    let points = points("web", &[checked], &evidence).into_iter();
    points
        .map(|point| (point.check, point.verdict, point.found))
        .collect()
}

#[test]
fn before_the_first_close_no_point_is_ok() {
    for entries in [&[][..], &[entry("api", Some("L4CON"), None, Some(1.0))]] {
        let points = judged(entries, None);
        assert_eq!((points.len(), points[0].1), (1, Unseen));
        assert!(points[0].2.starts_with("no gate was closed yet"));
    }
}

/// A switch moves the lines of two targets. Each has the evidence of its own.
#[test]
fn a_target_has_the_evidence_of_its_own_lines() {
    let mut switch = entry("web", Some("L4CON"), None, Some(0.4));
    let mut other = switch.detection[0].clone();
    (other.line, other.down_seconds) = ("srvs/web1-green".into(), Some(20.1));
    switch.detection.push(other);
    let of = |lines: Option<&[&str]>| {
        let lines = lines.map(|lines| lines.iter().map(|line| (*line).to_owned()).collect());
        let mut evidence = Evidence {
            lines,
            ..Evidence::default()
        };
        evidence.read("web", std::slice::from_ref(&switch));
        evidence.close.map(|close| close.lines.len())
    };
    assert_eq!(of(None), Some(2));
    assert_eq!(of(Some(&["srvs/web1-green"])), Some(1));
    assert_eq!(of(Some(&[])), None);
}

/// A gate that `open` finds closed shows how checks end there, but no seconds.
#[test]
fn the_last_close_is_quoted() {
    let old = || entry("web", Some("L4TOUT"), None, Some(9.0));
    let close = || entry("web", Some("L4CON"), None, Some(0.44));
    let found = Entry {
        verb: "open".into(),
        ..entry("web", Some("L4TOUT"), None, None)
    };
    let refused = "when last closed (restart, 2026-11-21T16:14:16Z): refused at once (L4CON)";
    let dropped =
        "when last closed (open, 2026-11-21T16:14:16Z): HAProxy's checks were dropped (L4TOUT)";
    for (entries, verdict, met) in [
        (vec![old(), close()], Well, refused),
        (vec![close(), found], Warning, dropped),
    ] {
        let points = judged(&entries, None);
        let expected = [
            ("firewall", verdict, format!("port 2000, {met}")),
            (
                "detection",
                Well,
                "port 2000: DOWN after 0.4 s (restart, 2026-11-21T16:14:16Z)".into(),
            ),
            (
                "detection",
                Well,
                "port 2000: UP after 0.4 s (restart, 2026-11-21T16:14:16Z)".into(),
            ),
        ];
        assert_eq!(points, expected);
    }
}

#[test]
#[rustfmt::skip]
fn drops_slow_checks_and_lines_that_stayed_up_are_reported() {
    let (meets, seconds) = (|verdict| ("firewall", verdict), |verdict| ("detection", verdict));
    for (check, still, took, now, expected) in [
        (Some("L4TOUT"), None, None, None, &[meets(Warning)][..]),
        // The present state counts more than the history.
        (Some("L4TOUT"), None, None, Some("L4CON"), &[meets(Well)]),
        (Some("L4CON"), None, None, Some("L4TOUT"), &[meets(Warning)]),
        (None, Some("UP"), None, None, &[seconds(Error)]),
        (Some("L4CON"), None, Some(20.1), None, &[meets(Well), seconds(Warning), seconds(Well)]),
    ] {
        let points = judged(&[entry("web", check, still, took)], now);
        let said: Vec<_> = points.iter().map(|one| (one.0, one.1)).collect();
        assert_eq!(said, expected, "{check:?} {still:?} {took:?} {now:?}");
    }
}

#[test]
#[rustfmt::skip]
fn a_rule_is_disproved_by_a_close_that_it_did_not_catch() {
    for (now, then, app, check, still, seconds, disproved) in [
        ("same", "same", "web", Some("L4CON"), None, Some(0.4), true),
        // A jump to it may have come since; an older agent did not write the rules.
        ("new", "old", "web", Some("L4CON"), None, Some(0.4), false),
        ("", "", "web", Some("L4CON"), None, Some(0.4), false),
        // Dropped checks: the rule may have redirected them. Found closed: the rule may be newer.
        ("same", "same", "web", Some("L4TOUT"), None, Some(0.4), false),
        ("same", "same", "web", Some("L4CON"), None, None, false),
        ("same", "same", "web", None, Some("UP"), None, false),
        ("same", "same", "api", Some("L4CON"), None, Some(0.4), false),
    ] {
        let mut evidence = Evidence { around: now.to_owned(), ..Evidence::default() };
        evidence.read("web", &[Entry {
            possible_rules: vec!["-A X".to_owned()],
            rules_around: then.to_owned(),
            ..entry(app, check, still, seconds)
        }]);
        let is = evidence.disproved(&gate()) == ["-A X"];
        assert_eq!(is, disproved, "{now} {then} {app} {check:?} {still:?} {seconds:?}");
    }
}
