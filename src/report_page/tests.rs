use super::*;
use crate::history::PhaseEntry;
use crate::report::Shares;
use crate::report::{BalancerSamples, LineSamples, Samples};
use crate::state::caller::Caller;

fn entry() -> Entry {
    let phase = |phase: &str, start, seconds| PhaseEntry {
        phase: phase.to_owned(),
        start,
        seconds,
        acting: 0.0,
        waited_for: vec!["lb <srvs>/web1 is UP".to_owned()],
        output: vec!["Setting up <web> ...".to_owned()],
    };
    let line = LineSamples {
        name: "srvs/<script>alert(1)</script>".to_owned(),
        role: "main".to_owned(),
        status: vec![
            (0, Some("UP".to_owned())),
            (1, Some("DOWN".to_owned())),
            (2, None),
        ],
        in_flight: vec![Some(3), Some(0), None, None],
        sessions: vec![Some(100), Some(120), None, None],
    };
    Entry {
        id: "1mj1tea0011".to_owned(),
        host: "<i>h1".to_owned(),
        app: "web".to_owned(),
        verb: "restart".to_owned(),
        outcome: "restarted".to_owned(),
        exit: Some(0),
        message: "<script>alert(2)</script>".to_owned(),
        seconds: 10.0,
        shares: Some(Shares {
            app: 5.0,
            drain: 5.0,
            ..Shares::default()
        }),
        phases: vec![phase("close", 0.0, 4.0), phase("open", 4.0, 6.0)],
        notices: vec!["</style><img src=x onerror=alert(3)>".to_owned()],
        caller: Caller {
            user: Some("\"><b>".to_owned()),
            ..Caller::default()
        },
        reason: Some("a & b".to_owned()),
        samples: Some(Samples {
            at: vec![0.0, 2.0, 4.0, 6.0],
            balancers: vec![BalancerSamples {
                name: "tcp://10.0.0.1:9999".to_owned(),
                lines: vec![line],
                anew: Vec::new(),
                unseen: vec![(2, 3, "</svg>no".to_owned())],
            }],
        }),
        ..Entry::default()
    }
}

#[test]
fn hostile_names_stay_text_and_nothing_is_fetched() {
    let page = render(&entry()).unwrap();
    for foul in [
        "<script",
        "<img",
        "<b>",
        "</svg>no",
        "onerror=alert(3)>",
        "<i>",
    ] {
        assert!(!page.contains(foul), "{foul}");
    }
    assert!(
        page.contains("i&#62;h1") && page.contains("alert(1)") && page.contains("a &#38; b"),
        "{page}"
    );
    assert!(page.contains("drain 50 %, app 50 %"), "{page}");
    for fetched in ["src=\"", "href=\"", "@import", "http:", "https:", "<link"] {
        assert!(!page.contains(fetched), "{fetched}");
    }
    let urls = page.matches("url(").count();
    assert_eq!(urls, page.matches("url(#").count());
}

#[test]
fn a_broken_entry_is_still_drawn() {
    let mut broken = entry();
    let samples = broken.samples.as_mut().unwrap();
    samples.at = vec![f64::NAN, -1.0, f64::INFINITY];
    samples.balancers[0].anew = vec![99];
    samples.balancers[0].unseen = vec![(98, 99, String::new())];
    render(&broken).unwrap();
    for part in [
        "{}",
        "{\"samples\":{\"at\":[1],\"balancers\":[{\"lines\":[{}]}]}}",
    ] {
        render(&serde_json::from_str(part).unwrap()).unwrap();
    }
}

#[test]
fn an_operation_without_phases_has_no_drawing() {
    let refused = Entry {
        phases: Vec::new(),
        samples: None,
        ..entry()
    };
    let page = render(&refused).unwrap();
    assert!(page.contains("before its first phase"));
    assert!(!page.contains("role=\"img\""));
}

#[test]
fn a_switch_names_its_targets_and_each_of_its_phases_has_a_colour() {
    let phase = |phase: &str| PhaseEntry {
        phase: phase.to_owned(),
        ..PhaseEntry::default()
    };
    let mut switch = entry();
    switch.verb = "switch".to_owned();
    let page = render(&switch).unwrap();
    assert!(page.contains("<h1>switch of web</h1>"), "{page}");
    switch.from = Some("blue".to_owned());
    switch.to = Some("<green>".to_owned());
    switch.phases = ["start", "join", "leave", "park"].map(phase).to_vec();
    let page = render(&switch).unwrap();
    assert!(
        page.contains("<h1>switch of web: blue → &#60;green&#62;</h1>"),
        "{page}"
    );
    let rows = phases::rows(&switch);
    let kinds: Vec<&str> = rows.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, ["app", "back", "out", "out"]);
}
