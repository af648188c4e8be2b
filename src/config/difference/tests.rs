use super::*;
use std::path::Path;

const BEFORE: &str = r#"
[agent]
poll = "30ms"
[app.web]
port = 1000
status_port = 2000
restart = { command = ["true"] }
timeouts = { drain = "60s" }
[app.api]
port = 1001
status_port = 2001
restart = { command = ["true"] }
[[haproxy]]
socket = "/a"
[[haproxy]]
socket = "/b"
"#;

fn settings(text: &str) -> Settings {
    super::super::read(Path::new("/agent.toml"), text).unwrap()
}

fn differs(pairs: &[(&str, &str)]) -> Option<Difference> {
    let now = pairs.iter().fold(BEFORE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    difference(&settings(BEFORE), &settings(&now))
}

fn found(pairs: &[(&str, &str)]) -> Vec<String> {
    let found = differs(pairs);
    let keys = found.iter().flat_map(Difference::keys);
    keys.map(str::to_owned).collect()
}

#[test]
fn only_another_setting_is_a_difference() {
    for same in [
        ("[agent]", "# a comment\n[agent]"),
        ("\"60s\"", "\"1m\""),
        (
            "port = 1000\nstatus_port = 2000",
            "status_port = 2000\nport = 1000",
        ),
        ("port = 1001", "port = 1001\nsticky = \"0s\""),
        (
            "[[haproxy]]\nsocket = \"/a\"\n[[haproxy]]\nsocket = \"/b\"",
            "[[haproxy]]\nsocket = \"/b\"\n[[haproxy]]\nsocket = \"/a\"",
        ),
    ] {
        assert_eq!(found(&[same]), Vec::<String>::new(), "{same:?}");
    }
    assert_eq!(found(&[("= 2000", "= 2100")]), ["app.web.status_port"]);
    assert_eq!(found(&[("\"60s\"", "\"61s\"")]), ["app.web.timeouts.drain"]);
    assert_eq!(found(&[("app.api", "app.apu")]), ["app.api", "app.apu"]);
    assert_eq!(found(&[("\"/b\"", "\"/c\"")]), ["haproxy"]);
    let agent = [("poll = \"30ms\"", "poll = \"40ms\"\nhold_dir = \"/h\"")];
    assert_eq!(found(&agent), ["agent.hold_dir", "agent.poll"]);
    assert!(differs(&agent).unwrap().needs_restart());
    let state = [("[agent]", "[agent]\nstate_dir = \"/s\"")];
    assert_eq!(found(&state), ["agent.state_dir"]);
    assert!(differs(&state).unwrap().needs_restart());
    assert!(!differs(&[("= 2000", "= 2100")]).unwrap().needs_restart());
}

#[test]
fn a_target_differs_by_its_keys_and_not_by_its_place() {
    let target = |name: &str, port: u16| {
        format!(
            "[app.shop.target.{name}]\nport = {port}\nstatus_port = 2{port}\n\
                 run = {{ systemd = \"{name}\" }}\n"
        )
    };
    let shop = |targets: &[String]| settings(&(BEFORE.to_owned() + &targets.concat()));
    let (blue, green) = (target("blue", 1005), target("green", 1006));
    let before = shop(&[blue.clone(), green.clone()]);
    let keys = |now: &[String]| {
        let found = difference(&before, &shop(now));
        let keys = found.iter().flat_map(Difference::keys);
        keys.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(keys(&[green.clone(), blue.clone()]), Vec::<String>::new());
    let other = target("green", 1007);
    let ports = [
        "app.shop.target.green.port",
        "app.shop.target.green.status_port",
    ];
    assert_eq!(keys(&[blue.clone(), other]), ports);
    let all = ["port", "run.systemd", "status_port"];
    let all = all.map(|key| format!("app.shop.target.green.{key}"));
    assert_eq!(keys(&[blue]), all);
}

#[test]
fn another_app_and_what_moves_no_gate_do_not_matter_for_an_app() {
    let found = differs(&[
        ("= 2001", "= 2101"),
        ("[agent]", "[agent]\nmetrics = \"127.0.0.1:9100\""),
        (
            "poll = \"30ms\"",
            "on_stop = \"drain\"\nwindows = [\"Mon 09:00-17:00\"]",
        ),
    ]);
    let found = found.unwrap();
    let of = |app: &str| {
        let own = found.of_app(app);
        own.map(|own| own.keys().map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(of("web"), None);
    assert_eq!(of("api"), Some(vec!["app.api.status_port".to_owned()]));
}
