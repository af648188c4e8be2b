//! What is printed, and what is refused with which fix.

use super::wanted::{CLAIMED, Checks, IN_TIME};
use super::*;
use crate::app::Proxy;
use crate::config::read;
use crate::haproxy::Mode;
use crate::haproxy::cfg::file;
use crate::haproxy::cfg::rhythm::Rhythm;
use std::path::Path;

mod pages;
mod targets;

const APPS: &str = r#"
    [app.web]
    port = 1000
    status_port = 2000
    backup_status_port = 3000
    restart = { systemd = "web" }
    [app.api]
    port = 1001
    status_port = 2001
    restart = { systemd = "api" }
    [[haproxy]]
    socket = "tcp://10.0.0.1:9999"
"#;

fn settings(old: &str, new: &str) -> Settings {
    assert!(APPS.contains(old));
    read(Path::new("agent.toml"), &APPS.replace(old, new)).unwrap()
}

/// The section for the first of the apps with that name.
fn section(settings: &Settings, hosts: &str, layout: Option<Layout>) -> Result<String, String> {
    let hosts: Result<Vec<Host>, _> = hosts.split_whitespace().map(str::parse).collect();
    let hosts = hosts?;
    let wanted = Wanted {
        layout,
        ..wanted(settings, &hosts)
    };
    print(settings, &wanted)
}

/// The section of app web, with everything as it fits.
fn wanted<'a>(settings: &'a Settings, hosts: &'a [Host]) -> Wanted<'a> {
    Wanted {
        app: settings.apps.iter().find(|app| app.name == "web").unwrap(),
        hosts,
        layout: None,
        cookie_per: CookiePer::Host,
        mode: Mode::Http,
        backend: None,
        transport: Transport::default(),
        readonly: false,
        whole: false,
    }
}

fn spoken(settings: &Settings, transport: Transport<'_>, whole: bool) -> Result<String, String> {
    let hosts: Vec<Host> = TWO.split(' ').map(|host| host.parse().unwrap()).collect();
    let wanted = Wanted {
        transport,
        readonly: false,
        whole,
        ..wanted(settings, &hosts)
    };
    print(settings, &wanted)
}

const TWO: &str = "web1=10.0.0.11 web2=10.0.0.12";

#[test]
fn each_host_has_its_two_lines() {
    let section = section(&settings("", ""), TWO, None).unwrap();
    for line in [
        "    server web1 10.0.0.11:1000 cookie web1 port 2000\n",
        "    server web1-twin 10.0.0.11:1000 cookie web1 port 3000 backup\n",
        "    timeout check 2s\n",
        "    option redispatch\n",
    ] {
        assert!(section.contains(line), "{line} in\n{section}");
    }
    assert!(!section.contains("httpchk"), "{section}");
}

#[test]
fn idle_connections_are_purged_if_a_drain_must_count_them() {
    let purges = |settings: &Settings| {
        let section = section(settings, TWO, None).unwrap();
        section.contains("    default-server pool-purge-delay 1s\n")
    };
    let socket = r#"socket = "tcp://10.0.0.1:9999""#;
    let master = format!("{socket}\n    master = \"tcp://10.0.0.1:9998\"");
    let second = format!("{master}\n    [[haproxy]]\n    socket = \"tcp://10.0.0.2:9999\"");
    assert!(purges(&settings("", "")));
    assert!(!purges(&settings(socket, &master)));
    assert!(purges(&settings(socket, &second)));
}

#[test]
fn the_layout_follows_the_apps_ports_and_the_hosts() {
    let (gated, plain) = (settings("", ""), settings("backup_status_port = 3000", ""));
    let served = settings("backup_status_port = 3000", "gate_to = 9200");
    let lines = |settings, hosts, layout| {
        let section = section(settings, hosts, layout).unwrap();
        let first = section.split("    server ").nth(1).unwrap();
        let last = section.rsplit("    server ").next().unwrap();
        (first.trim().to_owned(), last.trim().to_owned())
    };
    let main = "web1 10.0.0.11:1000 cookie web1 port 2000";
    let alone = [
        "web1 10.0.0.11:1000 port 2000",
        "web2 10.0.0.12:1000 port 2000",
    ];
    let sticky = "web1=10.0.0.11,cookie=web1 web2=10.0.0.12";
    for (settings, hosts, layout, first, last) in [
        (&gated, TWO, None, main, Some(" port 3000")),
        (
            &gated,
            TWO,
            Some(Layout::TwoStage),
            main,
            Some(" port 3000"),
        ),
        (&gated, TWO, Some(Layout::Classic), main, Some("")),
        (&gated, TWO, Some(Layout::Single), alone[0], None),
        (&plain, TWO, None, alone[0], None),
        (&plain, TWO, Some(Layout::Single), alone[0], None),
        (&plain, TWO, Some(Layout::Classic), main, Some("")),
        (&plain, sticky, None, main, Some("")),
        // The twin checks the health service itself.
        (&served, sticky, None, main, Some(" port 9200")),
    ] {
        let last = match last {
            None => alone[1].to_owned(),
            Some(port) => format!("web2-twin 10.0.0.12:1000 cookie web2{port} backup"),
        };
        let (main, twin) = lines(settings, hosts, layout);
        assert!(
            main.starts_with(first) && twin == last,
            "{main} {twin} {layout:?}"
        );
    }
    let misfit = |settings, hosts, layout| section(settings, hosts, Some(layout)).unwrap_err();
    let error = misfit(&plain, TWO, Layout::TwoStage);
    assert!(error.contains("no backup_status_port") && error.contains("--layout single"));
    let error = misfit(&plain, sticky, Layout::Single);
    assert!(error.starts_with("web1: the single layout has neither cookies nor twins"));
}

/// In mode tcp no user is sticky, and nothing of HTTP is printed.
#[test]
fn mode_tcp_has_no_cookies() {
    let (gated, plain) = (settings("", ""), settings("backup_status_port = 3000", ""));
    let tcp = |settings, hosts: &str, layout| {
        let hosts: Vec<Host> = hosts.split(' ').map(|host| host.parse().unwrap()).collect();
        let wanted = Wanted {
            mode: Mode::Tcp,
            layout,
            whole: true,
            ..wanted(settings, &hosts)
        };
        print(settings, &wanted)
    };
    for (settings, layout, command, twins) in [
        (&gated, None, "web --whole --mode tcp ", 2),
        (
            &gated,
            Some(Layout::Single),
            "web --whole --mode tcp --layout single ",
            0,
        ),
        (&plain, None, "web --whole --mode tcp ", 0),
    ] {
        let text = tcp(settings, TWO, layout).unwrap();
        assert!(text.contains(command), "{text}");
        assert_eq!(text.matches(" port 3000 backup\n").count(), twins);
        assert_eq!(text.matches("    mode tcp\n").count(), 2);
        for word in [" cookie ", "http", "request", "pool-purge-delay"] {
            assert!(!text.contains(word), "{word} in\n{text}");
        }
    }
    let error = tcp(&gated, "web1=10.0.0.11,cookie=a web2=10.0.0.12", None).unwrap_err();
    assert_eq!(error, "web1: mode tcp has no cookies: remove cookie=");
    let error = tcp(&plain, TWO, Some(Layout::Classic)).unwrap_err();
    assert!(error.contains("use --layout single or --layout two-stage"));
}

/// Without a claim a host has (`fall` - 1) x `fastinter` to give way to another one.
#[test]
fn the_checks_leave_time_if_no_host_claims() {
    let (plain, sticky) = (
        settings("", ""),
        settings("[app.api]", "sticky = \"5s\"\n[app.api]"),
    );
    for (settings, layout, checks) in [
        (&plain, Layout::TwoStage, CLAIMED),
        (&plain, Layout::Classic, IN_TIME),
        (&plain, Layout::Single, IN_TIME),
        (&sticky, Layout::TwoStage, IN_TIME),
    ] {
        let section = section(settings, TWO, Some(layout)).unwrap();
        assert!(section.contains(checks.words), "{layout:?}\n{section}");
        let is_said = section.contains("has (fall - 1) x fastinter for that");
        assert_eq!(is_said, checks == IN_TIME);
    }
}

/// The limits are those of the words, as HAProxy's file would be judged.
#[test]
fn the_longest_times_are_those_of_the_words() {
    for Checks {
        words,
        down_ms,
        up_ms,
    } in [CLAIMED, IN_TIME]
    {
        let text = format!("backend b\n server w 10.0.0.1:1000 {words}\n");
        let file = file::read(&text);
        let rhythm = Rhythm::of(&file.proxies[0].servers[0].words, 0);
        assert_eq!(
            [rhythm.down.as_millis(), rhythm.up.as_millis()],
            [down_ms, up_ms]
        );
    }
}

/// Nothing in it is about twins or cookies that it lacks.
#[test]
fn a_single_layout_is_only_its_lines() {
    let section = section(&settings("", ""), TWO, Some(Layout::Single)).unwrap();
    for word in [
        "SRV",
        "allbackups",
        "shutdown-backup-sessions",
        "Main lines",
    ] {
        assert!(!section.contains(word), "{word} in\n{section}");
    }
}

/// The status port of a twin that no line has.
#[test]
fn a_backup_status_port_that_no_line_checks_is_noticed() {
    let hosts: Vec<Host> = TWO.split(' ').map(|host| host.parse().unwrap()).collect();
    for (settings, layout, expected) in [
        (&settings("", ""), Some(Layout::Single), 1),
        (&settings("", ""), Some(Layout::Classic), 1),
        (&settings("", ""), None, 0),
        (
            &settings("backup_status_port = 3000\n", ""),
            Some(Layout::Single),
            0,
        ),
    ] {
        let wanted = Wanted {
            layout,
            ..wanted(settings, &hosts)
        };
        let notices = notices(settings, &wanted).unwrap();
        assert_eq!(notices.len(), expected, "{notices:?}");
        let says = |notice: &String| notice.ends_with("of app.web: take it out of agent.toml");
        assert!(notices.iter().all(says), "{notices:?}");
    }
}

#[test]
fn the_check_asks_what_the_agent_asks() {
    let health = |toml: &str| {
        let settings = settings("[app.api]", &format!("health = {toml}\n[app.api]"));
        section(&settings, TWO, None).unwrap()
    };
    for (toml, lines) in [
        (
            r#"{ http = "/h" }"#,
            "    option httpchk GET /h\n    http-check expect status 200-399\n",
        ),
        (
            r#"{ http = "/h?a#b", status = 204, host = "www:1" }"#,
            "    option httpchk GET '/h?a#b' HTTP/1.1\n    http-check send hdr Host www:1\n    \
             http-check expect status 204\n",
        ),
        (
            r#"{ tcp = true, timeout = "1500ms" }"#,
            "    option tcp-check\n    tcp-check connect\n    # As long as",
        ),
        (
            r#"{ tcp = true, timeout = "1500ms" }"#,
            "    timeout check 1500ms\n",
        ),
        (
            r#"{ command = ["x"], timeout = "1m" }"#,
            "    timeout check 60s\n",
        ),
    ] {
        assert!(health(toml).contains(lines), "{lines} in\n{}", health(toml));
    }
}

#[test]
fn a_backend_is_called_as_the_configuration_calls_it() {
    let named = |name: &str| {
        let named = format!("app = \"web\"\nbackend = \"{name}\"\nmain = \"m\"");
        let balancer = format!("[[haproxy]]\n{named}\nsocket = \"/s\"\n[[haproxy]]");
        section(&settings("[[haproxy]]", &balancer), TWO, None)
    };
    assert!(named("b").unwrap().starts_with("backend b\n"));
    assert!(
        named("b c")
            .unwrap_err()
            .starts_with("\"b c\" is not a name")
    );
}

#[test]
fn a_misfit_is_reported_with_its_fix() {
    let plain = settings("", "");
    for (hosts, what) in [
        ("", "no hosts: name them with --host"),
        ("web1", "expected NAME=ADDRESS"),
        ("w b=10.0.0.1", "expected NAME=ADDRESS"),
        ("=10.0.0.1", "\"\" is not a name for HAProxy"),
        ("w;b=10.0.0.1", "\"w;b\" is not a name for HAProxy"),
        (
            "web1=web1.example.org",
            "\"web1.example.org\" is not an IP address: write its IP address, not a name",
        ),
        (
            "web1=10.0.0.11:80",
            "not an IP address (write it without a port",
        ),
        ("web1=0.0.0.0", "0.0.0.0 is not the address of one host"),
        ("web1=ff02::1", "ff02::1 is not the address of one host"),
        ("web1=255.255.255.255", "is not the address of one host"),
        (
            "web1=10.0.0.11,cook=w1",
            "\"cook=w1\": expected cookie=VALUE, twin=NAME or app=NAME",
        ),
        ("web1=10.0.0.11,cookie=a;b", "\"a;b\" is not a cookie"),
        ("web1=10.0.0.11,cookie=", "\"\" is not a cookie"),
        ("web1=10.0.0.11,twin=a,twin=b", "\"twin=b\" is given twice"),
        (
            "web1=10.0.0.11",
            "the agent would refuse each restart: min_available is 1",
        ),
        (
            "a=10.0.0.11 a=10.0.0.12",
            "a is the name of a line of a already",
        ),
        (
            "a=10.0.0.11,twin=b b=10.0.0.12",
            "b is the name of a line of a already",
        ),
        (
            "a=10.0.0.11,twin=a b=10.0.0.12",
            "a: a line and its twin need different names",
        ),
        (
            "a=10.0.0.11 b=::ffff:10.0.0.11",
            "b and a are both 10.0.0.11, port 1000",
        ),
        (
            "a=10.0.0.11,cookie=c b=10.0.0.12,cookie=c",
            "b and a have the same cookie c",
        ),
        (
            "a=127.0.0.1 b=10.0.0.12",
            "no agent would find a line on 127.0.0.1",
        ),
        (
            "a=10.0.0.11 b=10.0.0.11,app=x",
            "no app \"x\" in the configuration; it has api, web",
        ),
    ] {
        let error = match section(&plain, hosts, None) {
            Err(error) => error,
            Ok(text) => panic!("{hosts} is printed as\n{text}"),
        };
        assert!(error.contains(what), "{hosts}: {error}");
        assert_eq!(error.lines().count(), 1);
    }
}

#[test]
fn a_gap_in_the_configuration_is_reported_with_its_fix() {
    for (new, what) in [
        (
            "timeouts = { out_of_rotation = \"700ms\" }",
            "need up to 700 ms to show a line DOWN: raise it",
        ),
        (
            "timeouts = { in_rotation = \"450ms\" }",
            "need up to 450 ms to show a line UP: raise it",
        ),
        (
            "health = { http = \"/\" }",
            "a backend has one check: make `health` the same",
        ),
    ] {
        let settings = settings("[app.api]", &format!("{new}\n[app.api]"));
        let error = section(&settings, "a=10.0.0.11 b=10.0.0.11,app=api", None).unwrap_err();
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn a_word_of_a_host_is_read_again() {
    for text in ["web1=10.0.0.11", "a.b=::1,cookie=c:1,twin=t,app=web"] {
        let host: Host = text.parse().unwrap();
        assert_eq!(host.word(), text);
    }
    assert_eq!("a=[::1]".parse::<Host>().unwrap().word(), "a=::1");
}

/// TLS and the PROXY header are set for the users and for the checks, which inherit nothing beside
/// `port`.
#[test]
fn the_checks_speak_the_apps_protocol() {
    let health = |toml: &str| settings("[app.api]", &format!("health = {toml}\n[app.api]"));
    let none = Transport::default();
    let tls = |verify| Transport {
        ssl: true,
        verify: Some(verify),
        ..none
    };
    let trusting = Transport {
        verify: Some("none"),
        ..none
    };
    let tcp = "{ tcp = true }";
    let https = "{ https = \"/h\", host = \"a.example:8443\" }";
    let proxied = "{ http = \"/h\", proxy = \"v2\" }";
    let both = "{ https = \"/h\", verify = false, proxy = true }";
    for (toml, transport, words, connect) in [
        (tcp, none, "", "    tcp-check connect\n"),
        (
            tcp,
            tls("none"),
            " ssl verify none check-ssl",
            "    tcp-check connect default\n",
        ),
        (
            tcp,
            tls("@system-ca"),
            " ssl verify required ca-file @system-ca check-ssl",
            "a check is a TLS handshake",
        ),
        (
            tcp,
            Transport {
                sni: Some("b.example"),
                ..tls("/ca.pem")
            },
            " ssl verify required ca-file /ca.pem check-ssl sni str(b.example) check-sni b.example",
            "default\n",
        ),
        (
            tcp,
            Transport {
                proxy: Some(Proxy::V1),
                ..none
            },
            " send-proxy check-send-proxy",
            "    tcp-check connect default\n",
        ),
        (
            https,
            trusting,
            " ssl verify none check-ssl sni str(a.example) check-sni a.example",
            "httpchk GET /h HTTP/1.1\n",
        ),
        (
            https,
            Transport {
                sni: Some("b.example"),
                ..trusting
            },
            " ssl verify none check-ssl sni str(b.example) check-sni b.example",
            "httpchk",
        ),
        (proxied, none, " send-proxy-v2 check-send-proxy", "httpchk"),
        (
            both,
            trusting,
            " ssl verify none check-ssl send-proxy check-send-proxy",
            "httpchk",
        ),
    ] {
        let text = spoken(&health(toml), transport, false).unwrap();
        let line = format!("    default-server check{words} {}\n", CLAIMED.words);
        assert!(
            text.contains(&line) && text.contains(connect),
            "{line} in\n{text}"
        );
        assert_eq!(text.contains("The words with `check-`"), !words.is_empty());
    }
    let same =
        "#   agent haproxy-config web --whole --ssl --verify none --sni a.b --send-proxy=v2 \\";
    let all = Transport {
        sni: Some("a.b"),
        proxy: Some(Proxy::V2),
        ..tls("none")
    };
    let whole = spoken(&health(tcp), all, true).unwrap();
    assert!(whole.contains(same), "{whole}");
    // Without a CA, and for an agent that asks in plain text, the text says so.
    let http = "{ http = \"/h\" }";
    let own = Transport {
        verify: Some("/ca.pem"),
        ..none
    };
    let asked = Transport { ssl: true, ..none };
    for (toml, transport, any, plain) in [
        (https, none, true, false),
        (https, own, false, false),
        (http, asked, true, true),
    ] {
        let text = spoken(&health(toml), transport, false).unwrap();
        assert!(text.contains(" check-ssl"), "{text}");
        let comments = ["HAProxy accepts any certificate", "`health` uses `http`"];
        assert_eq!(
            comments.map(|comment| text.contains(comment)),
            [any, plain],
            "{text}"
        );
    }
    for (toml, transport, what) in [
        (tcp, trusting, "--verify and --sni work only with --ssl"),
        (
            tcp,
            tls("ca.pem"),
            "--verify \"ca.pem\": expected none, @system-ca, or an absolute path",
        ),
        (tcp, tls("/a b"), "--verify \"/a b\""),
        (
            tcp,
            Transport {
                sni: Some("10.0.0.1"),
                ..tls("none")
            },
            "expected a host name",
        ),
        (
            tcp,
            Transport {
                sni: Some("a)b"),
                ..tls("none")
            },
            "expected a host name",
        ),
    ] {
        let error = spoken(&health(toml), transport, false).unwrap_err();
        assert!(error.contains(what), "{error}");
    }
    // Of several apps on one machine all must match.
    let one = settings(
        "[app.api]",
        &format!("health = {both}\n[app.api]\nhealth = {{ https = \"/h\", verify = false }}"),
    );
    let hosts: Vec<Host> = ["a=10.0.0.11", "b=10.0.0.11,app=api"]
        .map(|host| host.parse().unwrap())
        .into();
    let wanted = Wanted {
        transport: trusting,
        ..wanted(&one, &hosts)
    };
    assert!(
        print(&one, &wanted)
            .unwrap_err()
            .contains("in TLS or in the PROXY header: print a backend")
    );
}
