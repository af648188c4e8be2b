//! A maintenance that dies and is recovered has the hold that it had: with its end, its reason and its
//! user.

use std::fs;
use std::time::Duration;

use lab::agent::Agent;
use lab::fleet::Fleet;
use lab::release::Release;
use lab::settings::Settings;
use lab::wait_for;
use serde_json::Value;

use super::maintenance::{Paged, paged};

const ON: [&str; 6] = [
    "maintenance",
    "on",
    "--for",
    "2h",
    "--reason",
    "the database moves",
];

fn hurried(settings: Settings) -> Settings {
    paged(settings)
        .set("app.web.timeouts.healthy", "500ms")
        .set("app.web.timeouts.in_rotation", "3s")
}

fn hold(fleet: &Fleet) -> Option<Value> {
    let file = fleet.host(1).dir.join("state/web.closed");
    let text = fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).expect("a hold"))
}

/// Where the users are: on the page, or at the app.
fn on_page(fleet: &Fleet) -> bool {
    let host = fleet.host(1);
    let (app, page) = (host.gates_are_open()[0], host.gate_is_open(2009));
    assert_ne!(app, page, "{}", host.rules());
    page
}

/// Kills the words at their record, lets the app fail if it is to, and recovers. Returns the phase in
/// which they died. None: they came to their end first.
fn killed(fleet: &Fleet, agent: &Agent, words: &[&str], sync: usize, sick: bool) -> Option<String> {
    let ended = agent.start_words_killed_at(words, sync).wait();
    if ended.exit == 0 {
        return None;
    }
    let phase = fleet.host(1).journal_phase();
    if sick {
        fleet.app(1).set_sick(true);
        let down = |line: &str| line.starts_with("web1") || line.starts_with("bkp1");
        fleet.haproxy.wait_until("the app is DOWN", |lines| {
            let mut ours = lines.iter().filter(|line| down(line.get("svname")));
            ours.all(|line| line.get("status").starts_with("DOWN"))
        });
    }
    // Of a sick app it reports why it went back.
    let ended = agent.run("recover", "web");
    let went = [0, 17, 18].contains(&ended.exit);
    assert!(went && (sick || ended.exit == 0), "{}", ended.out);
    fleet.app(1).set_sick(false);
    Some(phase.unwrap_or_else(|| "none".to_owned()))
}

/// The recovery of an `off` brings users to the page again if the app is sick.
#[test]
fn an_off_that_goes_back_restores_it() {
    let all = Paged::open(Release::Installed, "page_hold_off");
    let fleet = &all.fleet;
    let on = [&ON[..], &["web", "--json"]].concat();
    fleet.agent(1, paged).words(&on).expect_exit(0);
    let before = hold(fleet).expect("a hold");
    let mut lost = 0;
    for sync in 1.. {
        let words = ["maintenance", "off"];
        let agent = fleet.agent(1, hurried);
        let Some(phase) = killed(fleet, &agent, &words, sync, true) else {
            break;
        };
        let page = on_page(fleet);
        println!("killed at {sync} in {phase}: page {page}");
        match page {
            true => assert_eq!(hold(fleet), Some(before.clone()), "{sync} in {phase}"),
            false => drop(fleet.agent(1, paged).words(&on).expect_exit(0)),
        }
        lost += usize::from(page && phase == "leave");
    }
    assert!(lost > 0, "never back from the leave");
}

/// The recovery of an `on` that brings users to the page has what the words asked for.
#[test]
fn an_on_that_goes_on_has_what_it_asked_for() {
    let all = Paged::open(Release::Installed, "page_hold_on");
    let fleet = &all.fleet;
    let agent = fleet.agent(1, paged);
    for sync in 1.. {
        let Some(phase) = killed(fleet, &agent, &ON, sync, false) else {
            break;
        };
        let page = on_page(fleet);
        println!("killed at {sync} in {phase}: page {page}");
        let hold = hold(fleet);
        assert_eq!(hold.is_some(), page, "{sync} in {phase}: {hold:?}");
        let Some(hold) = hold else { continue };
        assert_eq!(hold["reason"], "the database moves", "{hold}");
        assert!(hold["until"].is_object(), "{hold}");
        agent.words(&["maintenance", "off", "web"]).expect_exit(0);
        wait_for("the app again", Duration::from_secs(5), || {
            (!on_page(fleet)).then_some(())
        });
    }
}
