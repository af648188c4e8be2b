//! `agent readonly`: HAProxy refuses writes and nothing else, by its own answer.

mod kept;
mod releases;
mod users;

use lab::agent::{Agent, Running};
use lab::fleet::{Fleet, Layout, NUMBERS};
use lab::now;
use lab::reference::Reference;
use lab::release::Release;
use lab::settings::Settings;
use users::{Request, Users};

/// The marker's status port.
const PORT: u16 = 2010;

/// The app itself answers the check: there is no page.
fn with_marker(settings: Settings) -> Settings {
    settings
        .set("app.web.readonly.status_port", i64::from(PORT))
        .set("app.web.readonly.gate_to", 1000)
}

/// With open gates of the app.
fn fleet(release: Release, test: &str, change: impl Fn(Reference) -> Reference) -> Fleet {
    let change = |reference: Reference| change(reference.with_marker());
    let fleet = Fleet::behind(release, test, Layout::TwoStage, change);
    for number in NUMBERS {
        agent(&fleet, number).open("web");
    }
    fleet
}

fn agent(fleet: &Fleet, number: usize) -> Agent<'_> {
    fleet.agent(number, with_marker)
}

/// Runs `agent readonly WAY web --json WORDS`, and returns its report.
fn readonly(agent: &Agent<'_>, way: &str, words: &[&str]) -> serde_json::Value {
    let words = [&["readonly", way, "web", "--json"], words].concat();
    agent.words(&words).expect_exit(0).json()
}

#[test]
fn writes_are_refused_and_reads_go_on() {
    refuses(Release::Installed, "readonly");
}

fn refuses(release: Release, test: &str) {
    let fleet = fleet(release, test, |reference| reference);
    let agent = agent(&fleet, 1);
    let users = Users::start(&fleet.site.balancer);
    // From when to when writes were accepted, or refused.
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    let mut from = now();
    for _ in 0..5 {
        users.wait_for_more(40);
        accepted.push((from, now()));
        let on = readonly(&agent, "on", &["--reason", "a move"]);
        assert_eq!(on["outcome"], "read_only", "{on:#}");
        from = now();
        users.wait_for_more(40);
        refused.push((from, now()));
        let off = readonly(&agent, "off", &[]);
        assert_eq!(off["outcome"], "writable", "{off:#}");
        from = now();
    }
    for _ in 0..3 {
        fleet.haproxy.reload();
        wait_until_checked(&fleet);
        users.wait_for_more(20);
    }
    accepted.push((from, now()));
    let requests = users.stop();
    let odd = requests
        .iter()
        .filter(|one| is_odd(one, &accepted, &refused));
    let odd: Vec<&Request> = odd.collect();
    assert!(
        odd.is_empty(),
        "{} of {}: {odd:#?}",
        odd.len(),
        requests.len()
    );
    let count = requests.iter().filter(|one| one.is_refused()).count();
    assert!(count > 50, "only {count} refused");
    let history = agent.words(&["history", "--json"]).expect_exit(0).out;
    for verb in ["\"readonly on\"", "\"readonly off\""] {
        assert_eq!(history.matches(verb).count(), 5, "{verb} in {history}");
    }
    assert!(history.contains("a move"), "{history}");
}

/// A read that failed, a write that failed otherwise, or one that was accepted or refused at the
/// wrong time.
fn is_odd(one: &Request, accepted: &[(f64, f64)], refused: &[(f64, f64)]) -> bool {
    let is_in = |times: &[(f64, f64)]| {
        let mut times = times.iter();
        times.any(|(from, to)| one.asked > *from && one.answered < *to)
    };
    match one.writes {
        false => !one.is_served(),
        true if is_in(accepted) => !one.is_served(),
        true if is_in(refused) => !one.is_refused(),
        true => !one.is_served() && !one.is_refused(),
    }
}

fn wait_until_checked(fleet: &Fleet) {
    fleet.haproxy.wait_until("the markers are DOWN", |lines| {
        let mut markers = lines.iter().filter(|line| line.get("pxname") == "readonly");
        markers.all(|line| line.status() == "DOWN")
    });
}

#[test]
fn a_second_call_changes_nothing() {
    let fleet = fleet(Release::Installed, "readonly_again", |reference| reference);
    let agent = agent(&fleet, 1);
    let planned = readonly(&agent, "on", &["--dry-run"]);
    assert_eq!(planned["outcome"], "planned", "{planned:#}");
    assert!(!fleet.host(1).gate_is_open(PORT));
    let off = readonly(&agent, "off", &[]);
    assert_eq!(off["outcome"], "nothing_to_do", "{off:#}");
    let on = readonly(&agent, "on", &[]);
    let (line, gate) = (&on["balancers"][0]["lines"][0], &on["gates"][0]);
    assert_eq!(
        (&line["status"], &gate["position"]),
        (&"UP".into(), &"open".into())
    );
    let again = readonly(&agent, "on", &[]);
    let message = again["message"].as_str().unwrap();
    assert!(
        message.starts_with("writes are refused already, since 20"),
        "{message}"
    );
    let status = agent.words(&["status", "web"]).expect_exit(0).out;
    assert!(status.contains("\nweb: read-only, since 20"), "{status}");
    let both = readonly(&fleet.agent(2, with_marker), "on", &[]);
    assert_eq!(both["outcome"], "read_only");
    // The marker of host 2 is still UP.
    let off = readonly(&agent, "off", &[]);
    let note = off["notices"][0].as_str().unwrap_or_default();
    assert!(
        note.contains("the markers of 1 other hosts are UP"),
        "{off:#}"
    );
}

#[test]
fn without_a_marker_it_is_refused() {
    let fleet = Fleet::quick("readonly_none", |reference| reference);
    let on = |agent: Agent<'_>, (exit, outcome): (i32, &str), says: &str| {
        let refused = agent.words(&["readonly", "on", "web", "--json"]);
        let report = refused.expect_exit(exit).json();
        let message = report["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
        assert_eq!(report["outcome"], outcome);
    };
    on(
        fleet.agent(1, |settings| settings),
        (2, "usage"),
        "write [app.web.readonly]",
    );
    on(
        agent(&fleet, 1),
        (11, "refused"),
        "no backend has a line of this host for the marker (port 2010)",
    );
    let deaf = |settings: Settings| with_marker(settings).set("app.web.readonly.gate_to", 1);
    on(
        fleet.agent(1, deaf),
        (11, "refused"),
        "would answer the marker's check",
    );
    assert!(!fleet.host(1).gate_is_open(PORT));
}

/// HAProxy's checks are so slow that a signal comes first.
#[test]
fn an_interrupt_takes_it_back() {
    let slow = |reference: Reference| {
        let (quick, slow) = (
            "inter 500ms fastinter 50ms downinter 250ms",
            "inter 5s fastinter 5s downinter 5s",
        );
        reference.with(quick, slow)
    };
    let fleet = fleet(Release::Installed, "readonly_int", slow);
    let agent = agent(&fleet, 1);
    let words = ["readonly", "on", "web", "--json", "--attached"];
    let running = agent.start_words(&words[..4]);
    fleet.host(1).wait_for_gate(PORT, true);
    running.interrupt(nix::sys::signal::Signal::SIGINT);
    assert_taken_back(&fleet, running, 130);
    // The end of its standard input counts as SIGHUP.
    let mut running = agent.start_attached(&words);
    fleet.host(1).wait_for_gate(PORT, true);
    running.hang_up();
    assert_taken_back(&fleet, running, 129);
}

fn assert_taken_back(fleet: &Fleet, running: Running, exit: i32) {
    let report = running.wait().expect_exit(exit).json();
    let message = report["message"].as_str().unwrap();
    assert!(
        message.contains("the marker's gate was closed again"),
        "{message}"
    );
    assert!(!fleet.host(1).gate_is_open(PORT));
    assert!(!fleet.host(1).dir.join("state/web.readonly").exists());
    assert!(report["declared"].is_null(), "{report:#}");
}
