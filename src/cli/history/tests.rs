//! The lines of the history, within the columns of a terminal.

use super::*;
use crate::state::caller::Caller;

#[test]
fn a_moment_has_several_forms() {
    assert_eq!(since("1970-01-02"), Ok(86_400));
    assert_eq!(since("1970-01-02T00:01"), Ok(86_460));
    assert_eq!(since("1970-01-02 00:01:02"), Ok(86_462));
    assert_eq!(since("1970-01-02T00:01:02Z"), Ok(86_462));
    for text in ["2h", "2h ago"] {
        let ago = since_1970().as_secs() - since(text).unwrap();
        assert!((7200..7210).contains(&ago), "{ago}");
    }
    for wrong in [
        "",
        " ago",
        "2026-11-21 ago",
        "yesterday",
        "2026",
        "2026-13-01",
    ] {
        assert!(since(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_line_has_eighty_columns_at_most() {
    let long = Entry {
        id: "1mj1tea0011".to_owned(),
        app: "a".repeat(64),
        verb: "restart".to_owned(),
        outcome: "not_out_of_rotation".to_owned(),
        seconds: 12_345.6,
        reason: Some("a disk swap ".repeat(16)),
        ..Entry::default()
    };
    let mut short = long.clone();
    (short.app, short.outcome, short.seconds) = ("web".into(), "restarted".into(), 3.21);
    short.reason = None;
    let text = table(&[&long, &short]);
    assert!(
        text.lines().all(|line| measure_text_width(line) <= WIDTH),
        "{text}"
    );
    assert!(text.contains("  a disk swap a disk"), "{text}");
    let alone = table(&[&short]);
    assert_eq!(
        alone,
        "1970-01-01 00:00:00Z 1mj1tea0011 web restart restarted   3.2 s unknown\n"
    );
}

#[test]
fn a_switch_names_its_targets() {
    let target = |name: &str| Some(name.to_owned());
    let switch = Entry {
        id: "1mj1tea0011".to_owned(),
        app: "web".to_owned(),
        verb: "switch".to_owned(),
        from: target("blue"),
        to: target("green"),
        outcome: "switched".to_owned(),
        seconds: 2.05,
        ..Entry::default()
    };
    let restart = Entry {
        verb: "restart".to_owned(),
        outcome: "restarted".to_owned(),
        from: None,
        to: None,
        ..switch.clone()
    };
    let long = Entry {
        from: target("a-target-of-twenty-two"),
        ..switch.clone()
    };
    assert_eq!(
        table(&[&switch, &restart]),
        "1970-01-01 00:00:00Z 1mj1tea0011 web switch blue -> green switched    2.0 s\n    unknown\n\
         1970-01-01 00:00:00Z 1mj1tea0011 web restart              restarted   2.0 s\n    unknown\n"
    );
    let text = table(&[&long]);
    assert!(
        text.contains(" switch a-target-of-twe.. switched "),
        "{text}"
    );
}

#[test]
fn wide_letters_take_two_columns() {
    let entry = |app: &str, unit: &str| Entry {
        id: "1mj1tea0011".to_owned(),
        app: app.to_owned(),
        caller: Caller {
            unit: Some(unit.to_owned()),
            ..Caller::default()
        },
        ..Entry::default()
    };
    let wide = entry("注文", &"注文".repeat(20));
    let text = table(&[&wide, &entry("web", "at–the–end")]);
    let columns: Vec<_> = text.lines().map(measure_text_width).collect();
    assert!(columns[0] == WIDTH || columns[0] == WIDTH - 1, "{text}");
    let seconds = text.lines().map(|line| line.split_once("0.0 s").unwrap().0);
    let seconds: Vec<_> = seconds.map(measure_text_width).collect();
    assert_eq!(seconds[0], seconds[1], "{text}");
    assert_eq!(cut("注文注文注文注文注", 16), "注文注文注文注..");
    assert_eq!(cut("注文注文注文注文", 16), "注文注文注文注文");
    assert_eq!(cut("é–é", 3), "é–é");
}
