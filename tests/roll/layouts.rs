//! A roll over three hosts, in each layout.

use std::thread::sleep;
use std::time::Duration;

use lab::fleet::{Fleet, Layout};
use lab::load::record::Summary;
use lab::release::Release;
use lab::report::Report;

/// Requests a second.
const PROMISED: f64 = 500.0;

/// On a slower machine, the roll must reach this share of the rate in quiet.
const SAME: f64 = 0.9;

#[test]
fn two_stage() {
    roll_two_stage(Release::Installed, "two_stage");
}

#[test]
fn classic() {
    roll_classic(Release::Installed, "classic");
}

#[test]
fn single() {
    roll_single(Release::Installed, "single");
}

pub fn roll_two_stage(release: Release, test: &str) {
    let fleet = Fleet::behind(release, test, Layout::TwoStage, |reference| reference);
    let (met, trouble) = roll("two-stage", &fleet);
    assert_eq!(met.reconnected, 0, "connections closed on users");
    assert_eq!(trouble, 0, "HAProxy's errors, retries and redispatches");
}

/// Here a sticky user may reach the stopped app and wait for HAProxy's retries. No request fails,
/// but HAProxy's counters move.
pub fn roll_classic(release: Release, test: &str) {
    let fleet = Fleet::behind(release, test, Layout::Classic, |reference| reference);
    roll("classic", &fleet);
}

/// No user is sticky, so HAProxy moves all of them before the app stops.
pub fn roll_single(release: Release, test: &str) {
    let fleet = Fleet::behind(release, test, Layout::Single, |reference| reference);
    let (met, trouble) = roll("single", &fleet);
    assert_eq!(met.reconnected, 0, "connections closed on users");
    assert_eq!(trouble, 0, "HAProxy's errors, retries and redispatches");
}

/// Restarts the app of each host under traffic. Returns what users and HAProxy met.
fn roll(layout: &str, fleet: &Fleet) -> (Summary, u64) {
    fleet.open_gates();
    let quiet = fleet.full_traffic();
    sleep(Duration::from_secs(3));
    let quiet = quiet.stop();
    let (boots, trouble) = (fleet.boots(), fleet.haproxy.trouble());
    let traffic = fleet.full_traffic();
    let reports = fleet.roll(|settings| settings);
    let met = traffic.stop();
    let trouble = fleet.haproxy.trouble() - trouble;
    let rolled = format!("{layout}, HAProxy {}", fleet.haproxy.version());
    print_summary(&rolled, &quiet, "quiet");
    print_summary(&rolled, &met, &format!("rolled, trouble {trouble}"));
    print_seconds(&reports);
    met.assert_unnoticed();
    assert!(
        met.rate > PROMISED.min(SAME * quiet.rate),
        "{:.0} requests/s, and {:.0} in quiet",
        met.rate,
        quiet.rate
    );
    let once_more: Vec<_> = boots.iter().map(|boots| boots + 1).collect();
    assert_eq!(fleet.boots(), once_more, "each app boots exactly once");
    (met, trouble)
}

fn print_summary(rolled: &str, met: &Summary, how: &str) {
    println!(
        "{rolled}, {how}: {} requests at {:.0}/s, {} failed, {} reconnected, {} moved, slowest {:.0} ms",
        met.requests, met.rate, met.failed, met.reconnected, met.moved, met.slowest_ms
    );
}

fn print_seconds(reports: &[Report]) {
    for report in reports {
        let phases = report.phases.iter();
        let phases = phases.map(|one| format!("{} {:.2}", one.phase, one.seconds));
        let phases: Vec<_> = phases.collect();
        println!("  {:.2} s: {}", report.seconds, phases.join(", "));
    }
}
