//! `--all`: one app after the other, also after one that was refused.

use crate::{GOOD, HAPROXY, agent, app, haproxy};
use lab::own_network::inside;

/// No line of HAProxy checks its status port.
const API: &str = "
[app.api]
port = 1001
status_port = 2001
restart = { command = [\"true\"] }
";

#[test]
fn all_apps_are_closed_and_opened_and_the_first_failure_is_the_exit_code() {
    if !inside("all::all_apps_are_closed_and_opened_and_the_first_failure_is_the_exit_code") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    let two = GOOD.replace("[[haproxy]]", &format!("{API}[[haproxy]]"));
    let two = two.replace("[app.web]\n", "[app.web]\nmin_available = 0\n");
    for (verb, done) in [("open", "opened"), ("close", "closed"), ("open", "opened")] {
        let ended = agent(&two, &[verb, "--all", "--json"]);
        let object = ended.json();
        assert_eq!(
            (object["verb"].as_str(), ended.exit),
            (Some(verb), 11),
            "{object}"
        );
        let outcome = |at: usize| object["apps"][at]["outcome"].as_str().unwrap_or_default();
        assert_eq!([outcome(0), outcome(1)], ["refused", done], "{object}");
    }
    let text = agent(&two, &["close", "--all", "--dry-run"]);
    assert!(
        text.err.contains("api") && text.out.contains("web"),
        "{text:?}"
    );
    let without = agent(&two, &["close"]);
    assert!(without.err.contains("or --all"), "{without:?}");
}
