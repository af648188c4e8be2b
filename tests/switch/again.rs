//! A switch dies by SIGKILL, and the operator runs the same words again: they end as the first ones
//! would have, whether the first ones had moved the users or not.

use nix::sys::signal::Signal;

use lab::agent::{Agent, Ended};
use lab::reference::Reference;
use lab::release::Release;
use lab::settings::Settings;
use lab::targets::{BLUE, Farm, GREEN, Lines};

/// Runs the words, kills the agent in this phase, and runs them again.
fn killed_in(farm: &Farm, agent: &Agent, phase: &str, words: &[&str]) -> Ended {
    let words = [&["switch", "web", "--json"], words].concat();
    let running = agent.start_words(&words);
    farm.host(1).wait_for_phase(phase);
    running.interrupt(Signal::SIGKILL);
    running.wait();
    let again = agent.words(&words);
    assert_eq!(farm.host(1).journal_phase(), None, "{}", again.out);
    again
}

fn keeps(settings: Settings) -> Settings {
    settings.set("app.web.keep", "10m")
}

/// A way back that was cut short after the users had moved is finished, and not undone again.
#[test]
fn the_way_back_ends_at_the_old_target() {
    let farm = Farm::open("again_back", 1, Lines::without_twins());
    let agent = farm.agent(1, keeps);
    agent.run("switch", "web").expect_exit(0);
    let mut from = GREEN;
    for phase in ["join", "leave"] {
        let to = if from == BLUE { GREEN } else { BLUE };
        let again = killed_in(&farm, &agent, phase, &["--back"]).expect_exit(0);
        println!("killed in {phase}: {}", again.report().message);
        farm.assert_current(1, to);
        assert!(farm.target(1, from).is_running(), "{from} is ready");
        from = to;
    }
}

/// Writes are refused meanwhile. The app answers the check of the marker, so the marker's gate goes
/// with the users: else the stop of the old target would end read-only.
#[test]
fn a_named_target_is_current_at_the_end() {
    let (release, lines) = (Release::Installed, Lines::without_twins());
    let farm = Farm::with(release, "again_to", 1, lines, Reference::with_marker);
    farm.open_gates();
    let agent = farm.agent(1, |settings| {
        settings.set("app.web.readonly.status_port", 2010)
    });
    agent.words(&["readonly", "on", "web"]).expect_exit(0);
    let mut from = BLUE;
    for phase in ["healthy", "leave"] {
        let to = if from == BLUE { GREEN } else { BLUE };
        let again = killed_in(&farm, &agent, phase, &["--to", to]).expect_exit(0);
        println!("killed in {phase}: {}", again.report().message);
        farm.target(1, from).wait_until_stopped();
        farm.assert_current(1, to);
        let rules = farm.host(1).rules();
        let to_ports = format!("--to-ports {}", farm.target(1, to).port());
        let is_marker = |rule: &&str| rule.contains("--dport 2010 ") && rule.contains(&to_ports);
        assert_eq!(rules.lines().filter(is_marker).count(), 1, "{rules}");
        from = to;
    }
    let marker = farm.haproxy.server("web1");
    assert_eq!((marker.status(), marker.number("chkdown")), ("UP", 1));
    agent.words(&["readonly", "off", "web"]).expect_exit(0);
}

/// The agent runs `--with` again only if the operator repeats it, and never for a target that has
/// users.
#[test]
fn a_preparation_is_repeated_only_before_the_users_move() {
    let farm = Farm::open("again_with", 1, Lines::without_twins());
    let agent = farm.agent(1, |settings| settings);
    let file = farm.host(1).dir.join("prepared");
    let with = format!("echo $AGENT_TARGET >> {}", file.display());
    let prepared = || std::fs::read_to_string(&file).unwrap_or_default();
    killed_in(&farm, &agent, "healthy", &["--with", &with]).expect_exit(0);
    assert_eq!(prepared(), "green\ngreen\n");
    farm.assert_current(1, GREEN);
    let again = killed_in(&farm, &agent, "leave", &["--with", &with]).expect_exit(11);
    let message = again.report().message;
    assert!(message.contains("--with was not run"), "{message}");
    assert_eq!(prepared(), "green\ngreen\nblue\n");
    farm.target(1, GREEN).wait_until_stopped();
    farm.assert_current(1, BLUE);
}

/// Gates that are open, and no record: the first switch writes one before it starts anything.
#[test]
fn the_first_switch_records_the_current_target_at_once() {
    let farm = Farm::open("first_record", 1, Lines::without_twins());
    let record = farm.host(1).dir.join("state/web.target");
    std::fs::remove_file(&record).expect("a record");
    let agent = farm.agent(1, |settings| {
        settings.slowly("app.web.target.green.run.start", 0.5)
    });
    let plan = agent.words(&["switch", "web", "--dry-run"]).expect_exit(0);
    let steps = plan
        .out
        .lines()
        .filter(|line| line.starts_with(char::is_numeric));
    let phases: Vec<_> = steps
        .filter_map(|step| step.split_whitespace().nth(1))
        .collect();
    assert_eq!(
        phases,
        [
            "start", "healthy", "unpark", "join", "leave", "drain", "park", "stop"
        ],
        "{}",
        plan.out
    );
    assert!(!record.exists(), "a dry run has written it");
    let running = agent.start("switch", "web");
    farm.host(1).wait_for_phase("start");
    running.interrupt(Signal::SIGKILL);
    running.wait();
    let text = std::fs::read_to_string(&record).expect("a record");
    let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(record["current"], BLUE, "{record}");
    assert!(record["ready"].is_null(), "{record}");
    agent.run("recover", "web").expect_exit(0);
    farm.assert_current(1, BLUE);
}
