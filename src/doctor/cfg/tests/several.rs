//! Several files, files that were cut off, and what `haproxy -c` says.

use super::*;

fn of(texts: &[(&str, &str)], said: Option<&Said>) -> Vec<Point> {
    let texts = texts.iter().map(|&(name, text)| Text { name, text });
    check_all(&texts.collect::<Vec<_>>(), said, &[EXPECTED])
}

/// As HAProxy reads them, `defaults` and variables count for the files behind them.
#[test]
fn several_files_are_one_configuration() {
    let (base, backend) = TWO_STAGE.split_at(TWO_STAGE.find("\nbackend srvs").unwrap() + 1);
    let base = base.replacen("global\n", "global\n    setenv STATUS 2000\n", 1);
    let backend = backend.replace("port 2000", "port \"$STATUS\"");
    let wrong = |texts: &[(&str, &str)]| {
        let points = of(texts, None).into_iter();
        let wrong = points.filter(|point| point.verdict != Ok);
        wrong
            .map(|point| format!("{}: {}", point.check, point.found))
            .collect::<Vec<_>>()
    };
    assert_eq!(wrong(&[("10.cfg", &base), ("20.cfg", &backend)]), [""; 0]);
    let known = wrong(&[("20.cfg", &backend), ("10.cfg", &base)]);
    assert!(known.iter().any(|one| one.starts_with("cfg-variable")));
    // A file begins with a section of its own, so these lines are none of `srvs`.
    let loose = "    option persist\n    server web9 10.0.0.19:1000 port 2000\n";
    let texts = [("10.cfg", &*base), ("20.cfg", &backend), ("30.cfg", loose)];
    assert_eq!(wrong(&texts), [""; 0]);
    let broken = "defaults\n    acl a path '/\n";
    let cut = "frontend f\n    bind :8";
    let texts = [
        ("a.cfg", broken),
        ("b.cfg", &*base),
        ("c.cfg", &backend),
        ("d.cfg", cut),
    ];
    assert_eq!(
        wrong(&texts),
        [
            "cfg-file: a.cfg line 2: a quote does not end",
            "cfg-file: d.cfg was cut off, or its last line has no end: HAProxy refuses such a file from 2.3 on",
        ]
    );
}

/// HAProxy's word counts, and not that of this reader.
#[test]
fn what_haproxy_says_of_the_file_counts() {
    let version = "2.6.12".to_owned();
    let cut = TWO_STAGE.trim_end();
    let first = "[a.cfg:7]: unknown keyword 'x' in 'global' section";
    let refused = Said::Refused(version.clone(), vec![first.to_owned()]);
    let accepted = Said::Accepted(version);
    let another = accepted.clone().of_another();
    let not_another = refused.clone().of_another();
    let unknown = Said::Unknown("it does not end".to_owned());
    let strange = &*with("    retries 3\n", "    acl a path '/\n");
    let line = "HAProxy 2.6.12 accepts it, and doctor can't read line 44: a quote does not end";
    let no_end = "it was cut off, or its last line has no end";
    for (text, said, verdict, found) in [
        (TWO_STAGE, None, Ok, "all lines could be read"),
        (TWO_STAGE, Some(&accepted), Ok, "HAProxy 2.6.12 accepts it"),
        (
            TWO_STAGE,
            Some(&refused),
            Error,
            &*format!("HAProxy 2.6.12 refuses it: {first}"),
        ),
        (
            TWO_STAGE,
            Some(&another),
            Verdict::Unseen,
            "HAProxy 2.6.12 of this host accepts it (haproxy -c); the balancer's version is not known",
        ),
        (
            TWO_STAGE,
            Some(&not_another),
            Warning,
            &*format!("HAProxy 2.6.12 of this host refuses it: {first}; the balancer's version is"),
        ),
        (cut, Some(&not_another), Error, no_end),
        (
            TWO_STAGE,
            Some(&unknown),
            Verdict::Unseen,
            "it does not end",
        ),
        (strange, Some(&accepted), Verdict::Unseen, line),
        (
            strange,
            Some(&unknown),
            Error,
            "line 44: a quote does not end",
        ),
        (cut, None, Error, no_end),
        (cut, Some(&unknown), Error, no_end),
        (cut, Some(&accepted), Ok, "HAProxy 2.6.12 accepts it"),
    ] {
        let points = of(&[("", text)], said);
        let mut points = points.iter().filter(|point| point.check == "cfg-file");
        let worst = points.clone().max_by_key(|point| point.verdict).unwrap();
        assert_eq!(worst.verdict, verdict, "{said:?}");
        assert!(worst.found.contains(found), "{said:?}: {}", worst.found);
        let is_ok = points.any(|point| point.verdict == Ok);
        assert_eq!(is_ok, verdict == Ok, "{said:?}");
    }
}

/// A file that was cut off at the end of a line is right for HAProxy. Its own servers show it.
#[test]
#[rustfmt::skip]
fn servers_of_haproxy_show_a_file_that_was_cut_off() {
    let lines = [own("web1", Role::Main), own("bkp1", Role::Twin)];
    let has = |servers: &[&str]| -> Vec<(String, String)> {
        let of = |server: &&str| ("srvs".to_owned(), (*server).to_owned());
        servers.iter().map(of).chain([("other".to_owned(), "x".to_owned())]).collect()
    };
    let template = with("server web3 10.0.0.13:1000", "server-template web 3-5 10.0.0.13:1000");
    for (text, servers, found) in [
        (TWO_STAGE, &["web1", "web2", "web3", "bkp1"][..], None),
        (TWO_STAGE, &["web1", "web7"], Some("HAProxy has web7, and this file has not")),
        (TWO_STAGE, &["web4", "web5", "web6", "web7"], Some("HAProxy has web4, web5, web6 and 1 more, and")),
        (&template, &["web1", "web4", "web5"], None),
    ] {
        let servers = has(servers);
        let expected = Expected { lines: &lines, servers: &servers, ..EXPECTED };
        let points = check(text, &[expected]);
        let (verdict, said) = worst(&points, "cfg-backend");
        assert_eq!(verdict, if found.is_some() { Warning } else { Ok }, "{servers:?} {said}");
        assert!(said.contains(found.unwrap_or("backend srvs:")), "{said}");
    }
}

#[test]
#[rustfmt::skip]
fn haproxy_is_not_asked_about_files_that_load_code() {
    for (text, loads) in [
        ("global\n lua-load /tmp/x.lua\n", true),
        ("global\n lua-load-per-thread /tmp/x.lua\n", true),
        ("global\n lua-prepend-path /tmp/?.so cpath\n", true),
        ("global\n \"lua\"-load /tmp/x\n", true),
        ("global\n lu\\x61-load /tmp/x\n", true),
        ("global\n setenv L lua-load\n \"$L\" /tmp/x\n", true),
        ("global\n \"$L\" /tmp/x\n", true),
        ("global\n.if defined(X)\n lua-load /tmp/x\n.endif\n", true),
        ("global\n ssl-engine rdrand\n", true),
        ("defaults\nglobal\n module-load x.so\n", true),
        ("global\n # lua-load x\nbackend b\n server lua-load 10.0.0.1:1\n", false),
        (TWO_STAGE, false),
    ] {
        assert_eq!(loads_code(&[Text { name: "", text }]), loads, "{text}");
    }
}

/// HAProxy of the single layout shows the main line alone, and the file brings the twins.
#[test]
fn a_twin_that_the_next_reload_brings_is_there() {
    let main = [own("web2", Role::Main)];
    let (verdict, found) = worst(&points(TWO_STAGE, PORTS, &main), "twin");
    assert_eq!(verdict, Ok, "{found}");
    let without = without_line("    server bkp2 ");
    let (verdict, found) = worst(&points(&without, PORTS, &main), "twin");
    assert_eq!((verdict, found.as_str()), (Warning, "no twin: web2"));
}

fn without_line(begin: &str) -> String {
    let lines = TWO_STAGE.lines().filter(|line| !line.starts_with(begin));
    lines.map(|line| format!("{line}\n")).collect()
}
