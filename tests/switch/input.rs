//! What is wrong with a configuration or a call is one clear line, and changes nothing: no rule, no
//! process, no record.

use std::fs;

use lab::agent::Ended;
use lab::reference::Reference;
use lab::release::Release;
use lab::settings::Settings;
use lab::targets::{BLUE, Farm, GREEN, Lines};

type Change = fn(Settings) -> Settings;

/// The agent refuses the configuration.
#[test]
fn a_wrong_configuration_is_refused() {
    let farm = Farm::start("wrong_config", 1, Lines::with_twins());
    let wrong: [(&str, Change, &[&str]); 9] = [
        (
            "one port",
            |settings| settings.set("app.web.target.green.port", 1000),
            &["1000", "blue", "green"],
        ),
        (
            "one status port",
            |settings| settings.set("app.web.target.green.status_port", 2000),
            &["2000", "blue", "green"],
        ),
        (
            "a status port that is a twin's of the other",
            |settings| settings.set("app.web.target.green.status_port", 3000),
            &["3000", "blue", "green"],
        ),
        (
            "a port at the top, too",
            |settings| settings.set("app.web.port", 1000),
            &["app.web.port", "target"],
        ),
        (
            "no run",
            |settings| settings.unset("app.web.target.green.run"),
            &["green", "run"],
        ),
        (
            "no port",
            |settings| settings.unset("app.web.target.green.port"),
            &["green", "port"],
        ),
        (
            "one unit serves both",
            one_unit,
            &["web.service", "blue", "green"],
        ),
        (
            "an empty command",
            |settings| settings.set("app.web.target.green.run.stop", Vec::<String>::new()),
            &["green", "stop"],
        ),
        (
            "keep without targets",
            keep_without_targets,
            &["keep", "target"],
        ),
    ];
    for (what, change, says) in wrong {
        let refused = unchanged(&farm, change, &["switch", "web", "--json"]);
        assert_eq!(refused.exit, 2, "{what}: {}", refused.out);
        is_one_line(what, &refused, says);
    }
}

/// A call that asks for what is there changes nothing, and succeeds.
#[test]
fn a_call_with_nothing_to_do_succeeds() {
    let farm = Farm::open("nothing_to_do", 1, Lines::with_twins());
    let calls: [(&[&str], &str); 2] = [
        (&["--to", "blue"], "blue is already current"),
        (&["--finish"], "no target is ready beside blue"),
    ];
    for (more, says) in calls {
        let before = state(&farm);
        let words = [&["switch", "web", "--json"], more].concat();
        let ended = farm.agent(1, same).words(&words).expect_exit(0);
        assert_eq!(state(&farm), before, "{}", ended.out);
        assert_eq!(ended.report().outcome, "nothing_to_do", "{}", ended.out);
        is_one_line("nothing to do", &ended, &[says]);
    }
}

/// The agent refuses the call.
#[test]
fn a_wrong_call_is_refused() {
    let farm = Farm::with(
        Release::Installed,
        "wrong_call",
        1,
        Lines::with_twins(),
        Reference::for_operators,
    );
    farm.open_gates();
    let wrong: [(&str, Change, &[&str], &[&str]); 4] = [
        (
            "an unknown target",
            same,
            &["--to", "red"],
            &["red", "blue", "green"],
        ),
        ("nothing is ready", same, &["--back"], &["--back", "ready"]),
        (
            "no lines at HAProxy",
            no_lines,
            &[],
            &["1005", "no server line"],
        ),
        (
            "one command stops both",
            one_stop,
            &[],
            &["web/blue", "web/green", "has the same stop command, true"],
        ),
    ];
    for (what, change, more, says) in wrong {
        let words = [&["switch", "web", "--json"], more].concat();
        let refused = unchanged(&farm, change, &words);
        println!("{what}: exit {}", refused.exit);
        is_one_line(what, &refused, says);
    }
    let set = |state: &str| {
        let command = format!("set server srvs/web1-green state {state}");
        farm.haproxy.operate(&command);
        command
    };
    set("maint");
    let refused = unchanged(&farm, same, &["switch", "web", "--json"]);
    assert_eq!(refused.exit, 11, "{}", refused.out);
    let fix = set("ready");
    let says = ["MAINT", "no line of this host for users", &fix];
    is_one_line("an operator holds its line", &refused, &says);
}

fn same(settings: Settings) -> Settings {
    settings
}

fn one_stop(settings: Settings) -> Settings {
    [BLUE, GREEN].iter().fold(settings, |settings, target| {
        let stop = format!("app.web.target.{target}.run.stop");
        settings.set(&stop, vec!["true".to_owned()])
    })
}

fn no_lines(settings: Settings) -> Settings {
    settings.set("app.web.target.green.port", 1005)
}

fn keep_without_targets(settings: Settings) -> Settings {
    settings
        .unset("app.web.target")
        .set("app.web.port", 1000)
        .set("app.web.status_port", 2000)
        .set("app.web.restart.systemd", "web.service")
        .set("app.web.restart.job", "restart")
        .set("app.web.keep", "10m")
}

fn one_unit(settings: Settings) -> Settings {
    [BLUE, GREEN].iter().fold(settings, |settings, target| {
        let run = format!("app.web.target.{target}.run");
        settings
            .unset(&format!("{run}.start"))
            .unset(&format!("{run}.stop"))
            .set(&format!("{run}.systemd"), "web.service")
    })
}

/// An app with one target has nothing to switch to.
#[test]
fn an_app_with_one_target_is_not_switched() {
    let farm = Farm::open("one_target", 1, Lines::with_twins());
    let one = |settings: Settings| settings.unset("app.web.target.green");
    let refused = unchanged(&farm, one, &["switch", "web", "--json"]);
    is_one_line("one target", &refused, &["web", "one target"]);
}

/// There is no intent yet, and both targets run: the agent asks for one.
#[test]
fn with_both_running_the_first_open_asks_for_a_target() {
    let farm = Farm::start("both_run", 1, Lines::with_twins());
    let green = farm.target(1, GREEN);
    green.start(&farm.host(1).namespace, std::time::Duration::ZERO);
    for words in [["open", "web", "--json"], ["switch", "web", "--json"]] {
        let refused = farm.agent(1, same).words(&words);
        is_one_line("both run", &refused, &["--to", "blue", "green"]);
        assert!(!farm.host(1).gate_is_open(2000), "{}", farm.host(1).rules());
        assert!(!farm.host(1).gate_is_open(2001), "{}", farm.host(1).rules());
    }
    let words = ["open", "web", "--to", GREEN, "--json"];
    farm.agent(1, same).words(&words).expect_exit(0);
    farm.wait_until_current(GREEN);
}

/// There is no intent yet, and one target runs: it is current.
#[test]
fn the_only_target_that_runs_is_current() {
    let farm = Farm::start("only_one", 1, Lines::with_twins());
    farm.agent(1, same).run("open", "web").expect_exit(0);
    farm.wait_until_current(BLUE);
    farm.assert_gates(1, BLUE);
}

/// Runs it. It fails, and the host is as before.
fn unchanged(farm: &Farm, change: impl Fn(Settings) -> Settings, words: &[&str]) -> Ended {
    let before = state(farm);
    let ended = farm.agent(1, change).words(words);
    assert_ne!(ended.exit, 0, "{}", ended.out);
    assert_eq!(state(farm), before, "{}", ended.out);
    ended
}

/// The rules, the record, and of each target how often it has started, and whether it runs.
fn state(farm: &Farm) -> (String, Option<String>, [(usize, bool); 2]) {
    let host = farm.host(1);
    let record = fs::read_to_string(host.dir.join("state/web.target")).ok();
    let processes = [BLUE, GREEN].map(|name| {
        let target = farm.target(1, name);
        (target.boots().len(), target.is_running())
    });
    (host.rules(), record, processes)
}

fn is_one_line(what: &str, refused: &Ended, says: &[&str]) {
    let json: Result<serde_json::Value, _> = serde_json::from_str(&refused.out);
    let message = match &json {
        Ok(json) => json["message"].as_str().unwrap_or_default(),
        Err(_) => refused.err.trim(),
    };
    println!("{what}: {message}");
    assert!(
        !message.is_empty() && !message.contains('\n'),
        "{what}: {message}"
    );
    for word in says {
        assert!(message.contains(word), "{what}: no {word:?} in {message:?}");
    }
}
