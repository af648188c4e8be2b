//! The lines of the page and the rule of the marker, in the example's file.

use super::*;

const MAINTENANCE: &str = include_str!("../../../../haproxy/maintenance.cfg");
const PAGE_LINE: &str = "10.0.0.11:1009 port 2009 backup";
const RULE: &str = "http-request return status 503 hdr Retry-After 60 if !{ method GET HEAD OPTIONS } { \
                    nbsrv(readonly) ge 1 } !{ srv_is_up(readonly/checked) }";
const KEEP: &str = "    http-after-response del-header Set-Cookie if { status 503 } { res.hdr(retry-after) -m found }\n";

fn judged(text: &str) -> Vec<Point> {
    with(text, EXPECTED.shown)
}

fn with(text: &str, shown: &Shown) -> Vec<Point> {
    let page = AppPorts {
        port: 1009,
        status_port: 2009,
        backup_status_port: None,
        health_port: None,
    };
    let expected = Expected {
        page: Some(page),
        marker: Some(2010),
        shown,
        ..EXPECTED
    };
    check(text, &[expected])
}

/// Each wrong point has one cause. The line `checked` of the marker is none.
#[test]
fn the_example_is_correct_and_each_fault_is_found() {
    let changed = |from: &str, to: &str| {
        assert!(MAINTENANCE.contains(from), "{from}");
        MAINTENANCE.replace(from, to)
    };
    let rule = format!("    {RULE}\n");
    let in_backend = changed(&rule, "").replace(
        "    balance roundrobin\n",
        &format!("    balance roundrobin\n{rule}"),
    );
    let by_line = RULE.replace("nbsrv(readonly) ge 1", "srv_is_up(readonly/web1)");
    let by_checked = RULE.replace("{ nbsrv(readonly) ge 1 } !", "");
    let second = "frontend https\n    mode http\n    bind :443\n    default_backend srvs\n";
    let by_one = format!("{MAINTENANCE}{second}");
    let by_both = format!("{by_one}{rule}");
    let elsewhere = by_one.replace("default_backend srvs\n", "default_backend readonly\n");
    let elsewhere = elsewhere.replacen("default_backend readonly\n", "default_backend srvs\n", 1);
    let by_acl = changed(
        &rule,
        "    acl ro nbsrv(readonly) ge 1\n    http-request deny if !METH_GET ro\n",
    );
    let unused = changed(&rule, "    acl ro nbsrv(readonly) ge 1\n");
    let in_frontend = changed(KEEP, "").replace(&rule, &format!("{rule}{KEEP}"));
    for (text, wrong) in [
        (MAINTENANCE.to_owned(), None),
        (in_backend, None),
        (in_frontend, None),
        (by_acl, None),
        (unused, Some(("readonly-rule", Error))),
        (by_one, Some(("readonly-rule", Error))),
        (by_both, None),
        (elsewhere, None),
        (changed(&rule, &format!("    {by_line}\n")), None),
        (
            changed("    server checked 127.0.0.1:1 fastinter 300ms\n", ""),
            None,
        ),
        (changed(&rule, ""), Some(("readonly-rule", Error))),
        (
            changed(&rule, &format!("    {by_checked}\n")),
            Some(("readonly-rule", Error)),
        ),
        (changed(KEEP, ""), Some(("cfg-page-cookies", Warning))),
        (
            changed(PAGE_LINE, "10.0.0.11:1009 cookie w1 port 2009 backup"),
            Some(("page-cookie", Error)),
        ),
        (
            changed(PAGE_LINE, "10.0.0.11:1009 port 2009"),
            Some(("page-backup", Error)),
        ),
    ] {
        let points = judged(&text).into_iter();
        let bad = points.filter(|point| matches!(point.verdict, Error | Warning));
        let bad: Vec<_> = bad.map(|point| (point.check, point.verdict)).collect();
        assert_eq!(bad, wrong.into_iter().collect::<Vec<_>>(), "{text}");
    }
}

#[test]
fn the_rule_to_paste_is_the_printed_one() {
    let text = MAINTENANCE.replace(&format!("    {RULE}\n"), "");
    let points = judged(&text);
    let point = points.iter().find(|point| point.check == "readonly-rule");
    let fix = point.and_then(|point| point.fix.clone()).unwrap();
    assert_eq!(*fix, format!("in each frontend of these users: {RULE}"));
    // An app without a page and a marker has no such points.
    let plain = check(&text, &[EXPECTED]);
    assert!(
        plain
            .iter()
            .all(|point| !point.check.contains("page") && point.check != "readonly-rule")
    );
}

/// What HAProxy has is missed in the file. Before it has answered, the file alone is judged.
#[test]
fn a_file_without_the_lines_of_the_page_and_the_marker_is_found_before_the_reload() {
    let lines = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect());
    let without = |words: &str| {
        let lines = MAINTENANCE.lines().filter(|line| !line.contains(words));
        lines.fold(String::new(), |text, line| text + line + "\n")
    };
    let renamed = MAINTENANCE.replace("web1-page", "page1");
    let variable = without(":2010").replace("web1-page 10.0.0.11", "\"$PAGE\" 10.0.0.11");
    let both = (lines(&["srvs/web1-page"]), lines(&["readonly/web1"]));
    let none = (lines(&[]), lines(&[]));
    for (text, (page, marker), wrong) in [
        (MAINTENANCE, both.clone(), &[][..]),
        (renamed.as_str(), both.clone(), &[]),
        (&without(" port 2009"), both.clone(), &["page-line"]),
        (&without(":2010"), both.clone(), &["readonly-line"]),
        (&variable, both, &[]),
        // The lines of HAProxy have this point.
        (&without(" port 2009"), none.clone(), &[]),
        (&without(":2010"), none, &[]),
        (MAINTENANCE, (None, None), &[]),
        (&without(" port 2009"), (None, None), &["page-line"]),
        (&without(":2010"), (None, None), &["readonly-line"]),
    ] {
        let shown = Shown { page, marker };
        let points = with(text, &shown).into_iter();
        let found = points.filter(|point| point.check.ends_with("-line"));
        let found: Vec<_> = found.map(|point| (point.check, point.verdict)).collect();
        let wrong: Vec<_> = wrong.iter().map(|check| (*check, Warning)).collect();
        assert_eq!(found, wrong, "{shown:?} {text}");
    }
}
