use super::*;
use crate::app::{HealthCheck, Proxy};

const GOOD: &str = r#"
[app.web]
port = 1000
status_port = 2000
backup_status_port = 3000
health = { http = "/healthz" }
restart = { systemd = "web.service" }

[[haproxy]]
socket = "/run/haproxy/admin.sock"
"#;

/// The line and the text of the mistake in GOOD with `from` replaced by `to`.
fn mistake(from: &str, to: &str) -> (usize, String) {
    assert!(GOOD.contains(from), "{from}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    std::fs::write(&path, GOOD.replace(from, to)).unwrap();
    match load(&path) {
        Err(ConfigError::Wrong { line, what, .. }) => (line, what),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_designs_example_is_good() {
    let settings = parse(GOOD).ok().unwrap();
    assert!(settings.apps[0].gates().twin.is_some());
    assert!(settings.apps[0].limits.two_stage);
}

/// The advice and agent.toml(5) know the keys by the annotated file alone.
#[test]
fn the_annotated_file_has_every_key_of_the_shape() {
    let entries = advice::reference::entries();
    for (from, to, table) in [
        ("[app.web]\n", "[app.web]\nzzz = 1\n", "app.web"),
        ("{ http = ", "{ zzz = ", "app.web.health"),
        ("{ systemd = ", "{ zzz = ", "app.web.restart"),
        (
            "port = 1000",
            "port = 1000\ntimeouts.zzz = 1",
            "app.web.timeouts",
        ),
        (
            "port = 1000",
            "port = 1000\nsettle = { zzz = 1 }",
            "app.web.settle",
        ),
        (
            "port = 1000",
            "port = 1000\ntarget.blue = { zzz = 1 }",
            "app.web.target.blue",
        ),
        (
            "port = 1000",
            "port = 1000\ntarget.blue = { run = { zzz = 1 } }",
            "app.web.target.blue.run",
        ),
        (
            "port = 1000",
            "port = 1000\npage = { zzz = 1 }",
            "app.web.page",
        ),
        (
            "port = 1000",
            "port = 1000\nreadonly = { zzz = 1 }",
            "app.web.readonly",
        ),
        ("[[haproxy]]", "[[haproxy]]\nzzz = 1", "haproxy"),
        ("[[haproxy]]", "[agent]\nzzz = 1\n[[haproxy]]", "agent"),
    ] {
        let (_, what) = mistake(from, to);
        let (_, expected) = what.split_once("expected ").unwrap();
        let mut expected: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        let of_table = entries.iter().filter(|entry| entry.table == table);
        let mut known: Vec<&str> = of_table.map(|entry| entry.key.as_str()).collect();
        if table == "app.web" {
            known.extend(["timeouts", "target", "page", "readonly"]);
        }
        expected.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, expected, "{table}");
    }
}

#[test]
fn every_mistake_names_its_line() {
    let cases = [
        (
            "status_port = 2000",
            "status_prot = 2000",
            4,
            "did you mean `status_port`?",
        ),
        (
            "port = 1000",
            "port = \"1000\"",
            3,
            "expected a whole number, not a text",
        ),
        (
            "port = 1000",
            "port = 1000\nalso_restarts = [\"web\"]",
            4,
            "\"web\" is neither another app of this file nor",
        ),
        (
            "port = 1000",
            "port = 1000\nalso_restarts = [\"srvs/web1\", \"/web1\"]",
            4,
            "\"/web1\" is neither",
        ),
        ("port = 1000", "port = 0", 3, "expected a port"),
        ("port = 1000", "port = 70000", 3, "expected a port"),
        (
            "status_port = 2000",
            "status_port = 1000",
            4,
            "status_port = 1000: app.web.port has this port already",
        ),
        (
            "= 3000",
            "= 2000",
            5,
            "backup_status_port = 2000: app.web.status_port has this port already",
        ),
        ("= \"/healthz\"", "= \"healthz\"", 6, "begins with /"),
        ("= \"/healthz\"", "= \"/<id>\"", 6, "bad path"),
        ("http = \"/healthz\"", "tcp = false", 6, "set one of"),
        (
            "systemd = \"web.service\"",
            "signal = \"SIGUSR2\"",
            7,
            "with `pidfile`",
        ),
        (
            "systemd = \"web.service\"",
            "signal = \"X\", pidfile = \"/p\"",
            7,
            "signal = \"X\": this is not the name of a signal",
        ),
        (
            "\"web.service\"",
            "\"/etc/systemd/system/web.service\"",
            7,
            "write the name of the app's unit alone",
        ),
        ("\"web.service\"", "\"/srv/web\"", 7, "a mount or a device"),
        (
            "\"web.service\"",
            "\"\"",
            7,
            "expected the name of the app's unit",
        ),
        (
            "systemd = \"web.service\"",
            "command = []",
            7,
            "the command is empty",
        ),
        (
            "port = 1000",
            "port = 1000\nupgrade = []",
            4,
            "the command is empty",
        ),
        (
            "port = 1000",
            "port = 1000\nrollback = []",
            4,
            "the command is empty",
        ),
        (
            "port = 1000",
            "port = 1000\nupgrade = \"x\"",
            4,
            "expected a list of texts",
        ),
        ("[app.web]", "[app.\"we b\"]", 2, "an app's name"),
        (
            "\"/run/haproxy/admin.sock\"",
            "\"run.sock\"",
            10,
            "an absolute path",
        ),
        (
            "\"/run/haproxy/admin.sock\"",
            "\"tcp://10.0.0.1\"",
            10,
            "tcp://HOST:PORT",
        ),
        (
            "\"/run/haproxy/admin.sock\"",
            "\"tcp://:9999\"",
            10,
            "tcp://HOST:PORT",
        ),
        (
            "status_port = 2000",
            "\"a\\n\\u001b[2J\" = 2000",
            4,
            "\\u{1b}[2J is not known",
        ),
        (
            "\"/run/haproxy/admin.sock\"",
            "\"/s\"\nmain = \"web1\"",
            11,
            "need each other",
        ),
        (
            "\"/run/haproxy/admin.sock\"",
            "\"/s\"\nmaster = \"m.sock\"",
            11,
            "expected an absolute path",
        ),
        ("[[haproxy]]", "[[haproxy]", 9, ""),
    ];
    for (from, to, line, text) in cases {
        let (at, what) = mistake(from, to);
        assert_eq!(at, line, "{to}: {what}");
        assert!(what.contains(text) && !what.contains('\n'), "{to}: {what}");
    }
}

#[test]
fn a_duration_must_be_one() {
    let (line, what) = mistake("port = 1000", "port = 1000\nsticky = \"fast\"");
    assert_eq!(line, 4, "{what}");
    let (line, what) = mistake("port = 1000", "port = 1000\ntimeouts = { drian = \"1s\" }");
    assert_eq!(line, 4, "{what}");
    let (line, what) = mistake("port = 1000", "port = 1000\ntimeouts = { drain = \"0s\" }");
    assert_eq!(
        (line, what.as_str()),
        (4, "app.web.timeouts.drain = \"0s\": it must be more than 0")
    );
    let (line, what) = mistake("port = 1000", "port = 1000\nsticky = \"584000000000y\"");
    assert_eq!(
        (line, what.as_str()),
        (
            4,
            "app.web.sticky = \"584000000000y\": it must be a year at most"
        )
    );
    let (line, what) = mistake("[[haproxy]]", "[agent]\npoll = \"1ms\"\n[[haproxy]]");
    assert_eq!(
        (line, what.as_str()),
        (10, "agent.poll = \"1ms\": it must be between 5ms and 10s")
    );
}

#[test]
fn a_balancer_may_serve_one_app_alone() {
    let api = "\n[app.api]\nport = 1001\nstatus_port = 2001\nrestart = { command = [\"x\"] }\n";
    let of =
        |app: &str| parse(&format!("{GOOD}app = \"{app}\"\n{api}")).map_err(|mistake| mistake.what);
    assert_eq!(
        of("web").unwrap_err(),
        "no [[haproxy]] serves app.api: add one, or fix its `app`"
    );
    assert_eq!(of("www").unwrap_err(), "there is no app.www");
    let both = format!("{GOOD}app = \"web\"\n[[haproxy]]\nsocket = \"/b\"\napp = \"api\"\n{api}");
    let settings = parse(&both).ok().unwrap();
    assert!(settings.balancers[0].serves("web") && !settings.balancers[0].serves("api"));
}

#[test]
fn a_master_cli_may_be_named() {
    let of = |master: &str| {
        let settings = parse(&format!("{GOOD}{master}")).ok().unwrap();
        settings.balancers[0]
            .master
            .as_ref()
            .map(ToString::to_string)
    };
    assert_eq!(of(""), None);
    let path = "/run/haproxy-master.sock";
    assert_eq!(of(&format!("master = \"{path}\"")).unwrap(), path);
    let tcp = "tcp://10.0.0.1:9998";
    assert_eq!(of(&format!("master = \"{tcp}\"")).unwrap(), tcp);
}

#[test]
fn metrics_are_served_on_loopback_or_a_socket_or_not_at_all() {
    let of = |metrics: &str| {
        let settings = parse(&format!("{GOOD}[agent]\n{metrics}")).map_err(|it| it.what);
        settings.map(|settings| settings.agent.metrics.map(|address| address.to_string()))
    };
    assert_eq!(of(""), Ok(None));
    for address in [
        "127.0.0.1:9127",
        "127.0.0.2:9127",
        "[::1]:9127",
        "/run/m.sock",
    ] {
        let metrics = of(&format!("metrics = \"{address}\""));
        assert_eq!(metrics, Ok(Some(address.to_owned())));
    }
    let long = format!("/{}", "a".repeat(107));
    let wrong = [
        ("0.0.0.0:9127", "only a loopback address"),
        ("10.0.0.1:9127", "only a loopback address"),
        ("[::]:9127", "only a loopback address"),
        ("127.0.0.1:0", "with a port"),
        ("127.0.0.1", "with a port"),
        ("localhost:9127", "with a port"),
        ("9127", "with a port"),
        ("m.sock", "an absolute path"),
        ("", "an absolute path"),
        (long.as_str(), "107 bytes at most"),
        ("/run/a\\u0000", "without NUL"),
        (
            "127.0.0.1:1000",
            "port 1000 is one of app.web already: choose another",
        ),
        ("127.0.0.1:2000", "port 2000 is one of app.web already"),
        ("[::1]:3000", "port 3000 is one of app.web already"),
    ];
    for (address, text) in wrong {
        let to = format!("[agent]\nmetrics = \"{address}\"\n[[haproxy]]");
        let (line, what) = mistake("[[haproxy]]", &to);
        assert_eq!(line, 10, "{address}: {what}");
        assert!(what.starts_with("agent.metrics = "), "{address}: {what}");
        assert!(
            what.contains(text) && !what.contains('\n'),
            "{address}: {what}"
        );
    }
}

#[test]
fn a_missing_file_or_an_empty_one_is_an_error() {
    let missing = load(Path::new("/nonexistent/agent.toml")).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "/nonexistent/agent.toml: no such file: copy agent.toml.example (in the source: \
         haproxy/agent.toml) there and edit it, or name another file with --config (`man agent.toml`)"
    );
    assert!(parse("").is_err_and(|mistake| mistake.what.contains("no app")));
}

#[test]
fn the_lock_is_found_without_settings() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    let of = |text: &str| {
        std::fs::write(&path, text).unwrap();
        state_dir(&path)
    };
    let default = Path::new("/run/haproxy-gate");
    assert_eq!(
        of("[app.web]\n[agent]\nstate_dir = \"/s\""),
        Path::new("/s")
    );
    assert_eq!(of("[agent]\nstate_dir = \"s\""), default);
    assert_eq!(of("[agent]\nstate_dir = 1"), default);
    assert_eq!(of("[agent"), default);
    assert_eq!(state_dir(Path::new("/nonexistent/agent.toml")), default);
}

#[test]
fn the_history_is_beside_the_holds_unless_it_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    for (agent, at) in [
        ("", "/var/lib/haproxy-gate"),
        ("hold_dir = \"/h\"", "/h"),
        ("state_dir = \"/s\"", "/s"),
        ("state_dir = \"/s\"\nhold_dir = \"/h\"", "/h"),
        ("state_dir = \"/s\"\nhistory_dir = \"/y\"", "/y"),
    ] {
        let text = format!("{GOOD}[agent]\n{agent}\n");
        let settings = parse(&text).ok().unwrap();
        assert_eq!(settings.agent.history_dir, Path::new(at), "{agent}");
        // And without settings.
        std::fs::write(&path, text.replace("port = 1000", "prt = 1000")).unwrap();
        assert_eq!(history_dir(&path), Path::new(at), "{agent}");
    }
    let mistake = parse(&format!("{GOOD}[agent]\nhistory_dir = \"y\"\n"));
    let what = mistake.err().unwrap().what;
    assert_eq!(
        what,
        "expected an absolute path: the history outlives a reboot"
    );
}

#[test]
fn health_by_tls() {
    let of = |health: &str| {
        let text = GOOD.replace("{ http = \"/healthz\" }", health);
        parse(&text)
            .map(|settings| settings.apps[0].health.check.clone())
            .map_err(|it| it.what)
    };
    let file = Verify::File("/ca.pem".into());
    for (keys, verify, header) in [
        ("host = \"a.example:8443\"", Verify::System, None),
        ("host = \"10.0.0.1\"", Verify::System, None),
        ("host = \"a.example\", verify = true", Verify::System, None),
        ("host = \"a.example\", ca = \"/ca.pem\"", file, None),
        ("verify = false", Verify::Nothing, None),
        (
            "verify = \"none\", proxy = true",
            Verify::Nothing,
            Some(Proxy::V1),
        ),
        (
            "verify = false, proxy = \"v2\"",
            Verify::Nothing,
            Some(Proxy::V2),
        ),
        ("verify = false, proxy = false", Verify::Nothing, None),
    ] {
        let check = of(&format!("{{ https = \"/h\", {keys} }}")).unwrap();
        let HealthCheck::Http {
            path, tls, proxy, ..
        } = check
        else {
            panic!("{check:?}");
        };
        assert_eq!((path.as_str(), tls, proxy), ("/h", Some(verify), header));
    }
    for (health, text) in [
        (
            "{ https = \"/h\" }",
            "`https` needs `host = \"NAME\"`, a name in the app's certificate; or `verify = false`",
        ),
        (
            "{ https = \"/h\", host = \"a_b..c\" }",
            "this is not a name that a certificate can have",
        ),
        (
            "{ https = \"h\", verify = false }",
            "expected a path: it begins with /",
        ),
        (
            "{ https = \"/h\", host = \"a\", ca = \"ca.pem\" }",
            "expected an absolute path",
        ),
        (
            "{ https = \"/h\", ca = \"/ca.pem\", verify = false }",
            "`verify = false` makes `ca` useless",
        ),
        (
            "{ http = \"/h\", verify = false }",
            "`ca` and `verify` work only with `https`",
        ),
        (
            "{ tcp = true, ca = \"/ca.pem\" }",
            "`ca` and `verify` work only with `https`",
        ),
        (
            "{ tcp = true, proxy = true }",
            "`proxy` works only with `http` or `https`",
        ),
        (
            "{ command = [\"x\"], host = \"a\" }",
            "`status` and `host` work only with `http` or `https`",
        ),
        (
            "{ http = \"/h\", https = \"/h\", host = \"a\" }",
            "set one of",
        ),
        (
            "{ https = \"/h\", verify = \"no\" }",
            "expected true or false, not \"no\": false accepts any certificate",
        ),
        (
            "{ http = \"/h\", proxy = 3 }",
            "expected true, \"v1\" or \"v2\", not 3",
        ),
    ] {
        let what = of(health).unwrap_err();
        assert!(what.contains(text), "{health}: {what}");
    }
}

/// The file must exist where the agent runs. To print HAProxy's side it need not.
#[test]
fn the_file_of_a_ca_is_read_at_once() {
    let https = "https = \"/h\", host = \"a\", ca = \"/nonexistent/ca.pem\"";
    let (line, what) = mistake("http = \"/healthz\"", https);
    let expected = "app.web.health.ca = \"/nonexistent/ca.pem\": /nonexistent/ca.pem: no such file or directory; copy ";
    assert!(line == 6 && what.starts_with(expected), "{line}: {what}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    std::fs::write(&path, GOOD.replace("http = \"/healthz\"", https)).unwrap();
    assert!(load_copy(&path).is_ok());
    // No other text is right as long as the file lacks.
    assert_eq!(load(&path).unwrap_err().steps(), []);
    let folder = GOOD.replace(
        "http = \"/healthz\"",
        &https.replace("/nonexistent/ca.pem", "/etc"),
    );
    std::fs::write(&path, folder).unwrap();
    let said = load(&path).unwrap_err().with_steps();
    assert!(said.contains("not a regular file"), "{said}");
    assert!(!said.contains("remove it"), "{said}");
    let empty = directory.path().join("ca.pem");
    std::fs::write(&empty, "").unwrap();
    let named = https.replace("/nonexistent/ca.pem", empty.to_str().unwrap());
    let (_, what) = mistake("http = \"/healthz\"", &named);
    assert!(
        what.contains("no certificate in it (PEM, BEGIN CERTIFICATE)"),
        "{what}"
    );
}

#[test]
fn a_balancer_is_left_out_by_name_and_never_the_last_one() {
    let text = GOOD.to_owned() + "[[haproxy]]\nsocket = \"tcp://10.0.0.1:9999\"\n";
    let settings = parse(&text).ok().unwrap();
    let [unix, tcp] = ["/run/haproxy/admin.sock", "tcp://10.0.0.1:9999"].map(str::to_owned);
    let left = |names: &[String]| {
        let (settings, left_out) = settings.without(names, "web");
        let names = settings.balancers.iter();
        let names: Vec<_> = names.map(|one| one.address.to_string()).collect();
        (names, left_out)
    };
    let (none, both) = (Vec::new(), vec![unix.clone(), tcp.clone()]);
    assert_eq!(left(&[]), (both.clone(), none.clone()));
    assert_eq!(
        left(std::slice::from_ref(&tcp)),
        (vec![unix], vec![tcp.clone()])
    );
    // The names may be older than the configuration.
    let other = "other".to_owned();
    assert_eq!(
        left(std::slice::from_ref(&other)),
        (both.clone(), none.clone())
    );
    assert_eq!(left(&[other, tcp.clone()]).1, [tcp]);
    assert_eq!(left(&both), (both.clone(), none));
}

#[test]
fn windows_are_a_list_that_is_not_empty() {
    let written = |windows: &str| {
        let text = format!("{GOOD}[agent]\nwindows = {windows}\n");
        let settings = read(Path::new("agent.toml"), &text).map_err(|error| error.to_string())?;
        Ok::<String, String>(settings.agent.windows.to_string())
    };
    let two = written("[\"Mon..Fri 09:00-17:00\", \"22:00-02:00 UTC\"]");
    assert_eq!(two.unwrap(), "Mon..Fri 09:00-17:00, 22:00-02:00 UTC");
    assert!(parse(GOOD).ok().unwrap().agent.windows.is_empty());
    for (windows, place, answer) in [
        ("[]", "11", "expected at least one window"),
        ("[\"9:00-17:00\", \"Mon\"]", "26", "no times in \"Mon\""),
        ("\"9:00-17:00\"", "11", "expected a list of texts"),
        ("[9]", "12", "expected a text"),
    ] {
        let said = written(windows).unwrap_err();
        let is_there = said.contains(&format!(":{place}: "));
        assert!(is_there && said.contains(answer), "{windows}: {said}");
    }
}

#[test]
fn a_floor_is_a_number_or_a_share() {
    use crate::haproxy::Floor::{self, Percent, Servers};
    let floor = |written: &str| -> Result<Floor, String> {
        let text = GOOD.replace(
            "port = 1000",
            &format!("port = 1000\nmin_available = {written}"),
        );
        let settings = read(Path::new("agent.toml"), &text).map_err(|error| error.to_string())?;
        Ok(settings.apps[0].limits.min_available)
    };
    for (written, expected) in [
        ("0", Servers(0)),
        ("3", Servers(3)),
        ("\"1%\"", Percent(1)),
        ("\"50%\"", Percent(50)),
        ("\"99%\"", Percent(99)),
    ] {
        assert_eq!(floor(written), Ok(expected));
    }
    for (written, answer) in [
        ("\"50\"", "a share ends with %, and a number has no quotes"),
        ("\"0%\"", "expected 0 without %"),
        ("\"100%\"", "from \"1%\" to \"99%\""),
        ("\"101%\"", "from \"1%\" to \"99%\""),
        ("\"900%\"", "from \"1%\" to \"99%\""),
        ("\"half\"", "as \"50%\""),
        ("\"0.5%\"", "as \"50%\""),
        ("\"-5%\"", "as \"50%\""),
        ("-1", "expected a number of servers"),
        ("0.5", "as \"50%\""),
        ("true", "expected a number of servers"),
    ] {
        let said = floor(written).unwrap_err();
        assert!(said.contains(answer), "{written}: {said}");
        assert!(said.contains("agent.toml:4:17: "), "{said}");
    }
}
