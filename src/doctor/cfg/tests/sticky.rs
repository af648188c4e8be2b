//! What keeps users on a server without a cookie: stick tables, and `mode tcp`.

use super::*;

const COOKIE: &str = "    cookie SRV insert indirect nocache httponly\n";

/// A layout without cookies, with these lines in their place.
fn without_cookies(layout: &str, lines: &str) -> String {
    assert!(layout.contains(COOKIE));
    let text = layout.replace(COOKIE, lines);
    let text = ["w1", "w2", "w3"].iter().fold(text, |text, name| {
        text.replace(&format!(" cookie {name}"), "")
    });
    assert!(!text.contains(" cookie w1 "));
    text
}

fn wrong(points: &[Point]) -> Vec<(&str, Verdict)> {
    let wrong = points.iter().filter(|point| point.verdict != Ok);
    wrong.map(|point| (point.check, point.verdict)).collect()
}

#[test]
#[rustfmt::skip]
fn a_stick_table_keeps_users_while_the_line_is_up() {
    let table = "    stick-table type ip size 100k expire 30m\n";
    let moves = "these users move to another host when the main gate closes, and stay there";
    for (layout, ports, rules, verdict, found) in [
        (TWO_STAGE, PORTS, "stick on src", Ok, format!("stick on src: {moves}")),
        (TWO_STAGE, PORTS, "stick match src table other", Ok, format!("stick match src: {moves}")),
        (TWO_STAGE, PORTS, "stick on src if { src 10.0.0.0/8 }\n    stick on hdr(x-a)", Ok, format!("stick on src, on hdr(x-a): {moves}")),
        (CLASSIC, NO_OWN, "stick on src", Warning, "stick on src: the twin keeps none of these users while the host drains".to_owned()),
        // These bring no user back.
        (CLASSIC, NO_OWN, "stick store-request src", Ok, String::new()),
        (CLASSIC, NO_OWN, "stick store-response set-cookie(S)", Ok, String::new()),
        (CLASSIC, NO_OWN, "http-request track-sc0 src", Ok, String::new()),
    ] {
        let text = without_cookies(layout, &format!("{table}    {rules}\n"));
        let points = points(&text, ports, &[]);
        assert_eq!(worst(&points, "cfg-stick"), (verdict, found), "{rules}");
        let others = wrong(&points).into_iter().filter(|(check, _)| *check != "cfg-stick");
        assert_eq!(others.collect::<Vec<_>>(), [], "{rules}: {points:#?}");
    }
    // A cookie counts before the table, and brings its users to the twin.
    let both = CLASSIC.replace(COOKIE, &format!("{COOKIE}{table}    stick on src\n"));
    let points = points(&both, NO_OWN, &[]);
    assert_eq!(worst(&points, "cfg-stick").0, Ok);
    // A user of a table is sent to a line that is DOWN, too.
    let persist = without_cookies(TWO_STAGE, &format!("{table}    stick on src\n")).replace("no option persist", "option persist");
    assert_eq!(verdict(&persist, "cfg-persist"), Error);
}

/// No word about HTTP, and none about cookies.
#[test]
#[rustfmt::skip]
fn in_mode_tcp_no_cookie_is_missing() {
    let tcp = |text: &str| text.replace("mode http", "mode tcp");
    let expected = Expected { http: None, ..EXPECTED };
    let plain = tcp(&without_cookies(TWO_STAGE, ""));
    for text in [
        plain.clone(),
        plain.replace("    mode tcp\n", ""),
        plain.replace("option httpchk GET /healthz\n", "option tcp-check\n"),
        plain.replace("    option httpchk GET /healthz\n", ""),
        plain.replace("    retries 3\n", "    http-reuse never\n"),
        // Lines with a value that nothing reads.
        tcp(&with(COOKIE, "")),
    ] {
        let points = check(&text, &[expected]);
        assert_eq!(wrong(&points), [], "{text}");
        let said = points.iter().map(|point| format!("{} {}", point.found, point.fix.as_deref().unwrap_or_default()));
        let known = ["main and twin have no cookie", "single layout"];
        let about = said.filter(|said| said.contains("cookie") && !known.iter().any(|known| said.starts_with(known)));
        assert_eq!(about.collect::<Vec<_>>(), Vec::<String>::new());
    }
    // HAProxy may hide cookies. The file shows that there are none.
    assert!(points(&plain, PORTS, &[]).iter().any(|point| point.check == "same-cookie" && point.verdict == Ok));
    let ignored = check(&tcp(TWO_STAGE), &[expected]);
    assert_eq!(wrong(&ignored), [("cfg-mode", Warning)]);
    assert!(worst(&ignored, "cfg-mode").1.contains("HAProxy ignores it"));
    // The line to paste has no cookie, either.
    let twin = "    server bkp1 10.0.0.11:1000 cookie w1 port 3000 backup\n";
    let alone = tcp(&with(twin, "").replace(COOKIE, ""));
    assert_eq!(fix(&alone, PORTS, "twin"), "server web1-twin 10.0.0.11:1000 check port 3000 backup");
    // What holds in each mode is still judged.
    let broken = plain.replace("    option redispatch\n", "").replace("w1 port 2000", "w1");
    assert_eq!(worst(&check(&broken, &[expected]), "cfg-redispatch").0, Error);
}
