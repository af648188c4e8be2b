//! Variables that the file sets itself, and server lines without a port of their own.

use super::*;

/// two-stage.cfg with its ports in variables, and these lines in `global`.
fn with_variables(global: &str) -> String {
    let text = with("port 2000", "port \"$STATUS\"").replace("port 3000", "port \"${TWIN}\"");
    text.replacen("global\n", &format!("global\n{global}"), 1)
}

#[test]
#[rustfmt::skip]
fn a_variable_that_the_file_sets_is_known() {
    for (global, verdict, found) in [
        ("setenv STATUS 2000\nsetenv TWIN 3000\n", Ok, ""),
        ("presetenv STATUS 2000\npresetenv TWIN 3000\n", Ok, ""),
        ("setenv STATUS 2000\npresetenv STATUS 9\nsetenv TWIN \"3000\"\n", Ok, ""),
        ("setenv A 20\nsetenv STATUS \"${A}00\"\nsetenv TWIN '3000'\n", Ok, ""),
        ("setenv STATUS 2000\n", Warning, "the file does not set $TWIN (port of bkp1, port of bkp2, port of bkp3)"),
        ("setenv STATUS 2000\nsetenv TWIN \"$B\"\n", Warning, "the file does not set $B (port of bkp1,"),
        ("", Warning, "the file does not set $STATUS (port of web1, port of web2, port of web3), $TWIN (port of bkp1,"),
    ] {
        let points = points(&with_variables(global), PORTS, &[]);
        assert_eq!(worst(&points, "cfg-variable").0, verdict, "{global}");
        assert!(worst(&points, "cfg-variable").1.contains(found), "{global}: {points:#?}");
        assert!(verdict == Warning || points.iter().all(|point| point.verdict == Ok), "{points:#?}");
    }
    // Known, and wrong.
    let wrong = with_variables("setenv STATUS 2009\nsetenv TWIN 3000\n");
    assert_eq!(worst(&points(&wrong, PORTS, &[]), "check-port"), (Error, "web1, web2, web3 check port 2009".to_owned()));
    let unset = with_variables("setenv STATUS 2000\nsetenv TWIN 3000\nunsetenv STATUS\n");
    assert_eq!(verdict(&unset, "check-port"), Error);
    let fix = fix(&with_variables("setenv STATUS 2000\n"), PORTS, "cfg-variable");
    assert_eq!(fix, "with the service's value, in `global` of a copy of the file: setenv TWIN VALUE");
}

#[test]
#[rustfmt::skip]
fn variables_with_several_words_and_in_other_places() {
    let default = "default-server check inter 500ms";
    for (global, old, new) in [
        ("setenv WORDS \"check inter 500ms\"\n", default, "default-server \"${WORDS[*]}\""),
        ("setenv NET 10.0.0.1\n", "web1 10.0.0.11:1000", "web1 \"${NET}1:1000\""),
        ("setenv B srvs\n", "backend srvs", "backend \"$B\""),
        ("setenv T 2s\n", "timeout check 2s", "timeout check \"$T\""),
        ("resetenv\n", "timeout check 2s", "timeout check \"${T-2s}\""),
        ("setenv T 2s\n", "timeout check 2s", "timeout check 2s # \"$U"),
        ("setenv W 'w1 port'\n", "cookie w1 port 2000", "cookie \"${W[*]}\" 2000"),
    ] {
        let text = with(old, new).replacen("global\n", &format!("global\n{global}"), 1);
        let points = points(&text, PORTS, &[own("web1", Role::Main), own("bkp1", Role::Twin)]);
        let wrong: Vec<&Point> = points.iter().filter(|point| point.verdict != Ok).collect();
        assert!(wrong.is_empty(), "{new}: {wrong:#?}");
    }
    // One word, not several: HAProxy refuses it.
    let text = with(default, "default-server \"$WORDS\"").replacen("global\n", "global\nsetenv WORDS \"check inter 500ms\"\n", 1);
    assert_eq!(verdict(&text, "checks"), Error);
    // Words that are not known may be a `check`.
    let hidden = points(&with(default, "default-server \"${WORDS[*]}\""), PORTS, &[]);
    assert_eq!(worst(&hidden, "checks").0, Ok);
    let found = "the file does not set $WORDS (words of web1, words of web2, words of web3 and 3 more)";
    assert_eq!(worst(&hidden, "cfg-variable"), (Warning, found.to_owned()));
}

/// HAProxy then uses the port on which the user came.
#[test]
#[rustfmt::skip]
fn a_line_without_a_port_uses_that_of_its_users() {
    let file = |front: &str, port: &str| {
        let text = TWO_STAGE.replace(":1000 cookie w", &format!("{port} cookie w"));
        assert!(text.contains("    bind :80\n"));
        text.replace("    bind :80\n", front)
    };
    for (front, port, verdict, found) in [
        ("    bind :1000\n", "", Ok, "each line sends its users to the app's port"),
        ("    bind :1000\n", ":", Ok, "each line sends"),
        ("    bind :1000\n    bind [::]:1000\n", ":0", Ok, "each line sends"),
        ("    bind :80\n", ":+920", Ok, "each line sends"),
        ("    bind :1080\n", ":-80", Ok, "each line sends"),
        ("    bind :80\n", "", Error, "web1, web2, web3, bkp1, bkp2, bkp3 send their users to port 80, the app has port 1000: without a port of their own they use the port of `bind`"),
        ("    bind :1000\n    bind :443 ssl crt a.pem\n", "", Error, "bkp3 send their users to port 443"),
        ("    bind :80\n", ":+1000", Error, "bkp3 send their users to port 1080"),
        ("    bind \":$P\"\n", "", Ok, ""),
        ("    bind :1000-1009\n", "", Ok, ""),
    ] {
        let points = points(&file(front, port), PORTS, &[]);
        let (judged, said) = worst(&points, "same-port");
        assert_eq!((judged, said.contains(found), said.is_empty()), (verdict, true, found.is_empty()), "{front}{port}: {said}");
        assert_eq!(worst(&points, "cfg-backend").1, "backend srvs: 3 main and 3 backup lines");
        assert_eq!(worst(&points, "check-port").0, Ok);
    }
    let fix = fix(&file("    bind :80\n", ""), PORTS, "same-port");
    assert_eq!(fix, "on each of these lines: `ADDRESS:1000` as its address");
    // A classic twin has to name its check's port.
    let classic = file("    bind :1000\n", "").replace("port 3000", "port 1000");
    let points = points(&classic, NO_OWN, &[]);
    assert_eq!(worst(&points, "cfg-backend").1, "backend srvs: 3 main and 3 backup lines");
    assert_eq!([worst(&points, "check-port").0, worst(&points, "same-port").0], [Ok, Ok]);
}

#[test]
#[rustfmt::skip]
fn the_same_address_in_each_form() {
    let twin = "bkp1 10.0.0.11:1000";
    for (form, verdict) in [
        ("ipv4@10.0.0.11:1000", Ok), ("::ffff:10.0.0.11:1000", Ok), ("[::ffff:10.0.0.11]:1000", Ok),
        ("ipv6@[::ffff:a00:b]:1000", Ok), ("tcp4@10.0.0.11:1000", Ok),
        ("[::ffff:10.0.0.12]:1000", Error), ("[2001:db8::11]:1000", Error),
        ("ipv6@2001:db8::11:1000", Error),
    ] {
        let text = with(twin, &format!("bkp1 {form}"));
        assert_eq!(super::verdict(&text, "same-address"), verdict, "{form}");
        assert_eq!(super::verdict(&text, "same-port"), Ok, "{form}");
    }
}
