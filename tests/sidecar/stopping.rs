//! SIGTERM while the machine stays up: the gates stay as they are. A package tool or a push of a
//! configuration may stop all sidecars at once.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::kept_open;
use crate::leaving::drains;
use lab::agent::Ended;
use lab::fleet::{Fleet, NUMBERS};
use lab::settings::Settings;
use lab::sidecar::Sidecar;

fn sidecars(fleet: &Fleet, change: impl Fn(Settings) -> Settings) -> Vec<Sidecar> {
    let start = |number| Sidecar::start(fleet.host(number), fleet.agent(number, &change));
    let mut sidecars: Vec<Sidecar> = NUMBERS.into_iter().map(start).collect();
    for sidecar in &mut sidecars {
        sidecar.wait_for_notification("web: open");
    }
    sidecars
}

fn stop_all(sidecars: Vec<Sidecar>) -> Vec<Ended> {
    sidecars
        .iter()
        .for_each(|sidecar| sidecar.signal(Signal::SIGTERM));
    sidecars.into_iter().map(Sidecar::wait).collect()
}

#[test]
fn all_sidecars_may_stop_at_once() {
    let fleet = Fleet::quick("sc_all_stop", |reference| reference);
    let sidecars = sidecars(&fleet, |settings| settings);
    let rules = NUMBERS.map(|number| fleet.host(number).rules());
    let traffic = fleet.traffic();
    let asked = Instant::now();
    for ended in stop_all(sidecars) {
        let ended = ended.expect_exit(0);
        let says = "the gates stay as they are: no systemd runs here";
        assert!(ended.err.contains(says), "{}", ended.err);
    }
    // It does not wait.
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(4), "{took:?}");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(NUMBERS.map(|number| fleet.host(number).rules()), rules);
    traffic.stop().assert_unnoticed();
}

/// The sidecars leave in turn, and the last ones keep their gates open: `min_available` holds.
#[test]
fn enough_hosts_stay_when_all_sidecars_drain_at_once() {
    let fleet = Fleet::quick("sc_all_drain", |reference| reference);
    let hurried = |settings: Settings| drains(settings).set("app.web.timeouts.turn", "5s");
    let sidecars = sidecars(&fleet, hurried);
    let traffic = fleet.traffic();
    let ended = stop_all(sidecars);
    let mut exits: Vec<i32> = ended.iter().map(|ended| ended.exit).collect();
    exits.sort_unstable();
    // The last host has no other one left.
    let last = ended.iter().find(|ended| ended.exit == 12);
    let last = last.unwrap_or_else(|| panic!("{ended:?}"));
    assert!(last.err.contains("too few other servers"), "{}", last.err);
    assert!(exits[0] == 0 && exits[2] == 12, "{exits:?}");
    for (number, ended) in NUMBERS.into_iter().zip(&ended) {
        let open = fleet.host(number).gates_are_open();
        assert_eq!(open, [ended.exit == 12; 2], "{number}: {}", ended.err);
    }
    std::thread::sleep(Duration::from_secs(1));
    traffic.stop().assert_unnoticed();
}

/// systemd keeps the last status, and programs get one object.
#[test]
fn the_last_status_shows_the_gates() {
    let (fleet, mut sidecar) = kept_open("sc_says");
    sidecar.forget();
    sidecar.signal(Signal::SIGTERM);
    let ended = sidecar.wait_for_notifications();
    ended.0.expect_exit(0);
    let notifications = ended.1.join("\n");
    let last = "STATUS=stopped, the gates stay as they are";
    assert!(
        notifications.contains("STOPPING=1") && notifications.contains(last),
        "{notifications}"
    );
    assert_eq!(fleet.host(1).gates_are_open(), [true; 2]);

    let agent = fleet.agent(1, |settings| settings);
    let json = agent.start_words(&["run", "--json"]);
    json.wait_for_word("srvs/web1 UP");
    json.interrupt(Signal::SIGTERM);
    let ended = json.wait().expect_exit(0).json();
    assert_eq!(
        (&ended["outcome"], &ended["ending"], &ended["apps"]),
        (&"stopped".into(), &"keep".into(), &serde_json::json!([]))
    );
}
