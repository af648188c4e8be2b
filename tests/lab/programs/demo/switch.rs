//! One host with two targets behind HAProxy. The agent switches to a new version and back, then a plain
//! stop and start does.

use std::thread;
use std::time::{Duration, Instant};

use lab::settings::Settings;
use lab::targets::{BLUE, Farm, GREEN, Lines};

use crate::table::{self, Row};

/// Returns whether no user noticed the switches.
pub fn show() -> bool {
    println!("One host with two targets, one HAProxy, and users: 500 requests a second.");
    let farm = Farm::open("demo", 1, Lines::with_twins());
    println!("\nNothing happens for 5 seconds.");
    let (quiet, _) = row(&farm, "nothing", || {
        thread::sleep(Duration::from_secs(5));
        None
    });
    let green = farm.target(1, GREEN);
    println!("\nA new version on the idle target, and a switch to it.\n");
    let upgrade = green.upgrade(2);
    let (there, switched) = by_agent(
        &farm,
        "agent switch",
        &["switch", "web", "--with", &upgrade],
    );
    println!("\nAnd back: the old version is still warm.\n");
    let (back, switched_back) = by_agent(&farm, "switch --back", &["switch", "web", "--back"]);
    println!("\nThe same host by a plain stop and start.\n");
    let (plain, _) = row(&farm, "stop and start", || Some(stop_and_start(&farm)));
    let unnoticed = [&there, &back].iter().all(|row| row.met.failed == 0);
    println!("\nThe answers of each version, in seconds from the first answer\n");
    print_versions("agent switch", &there);
    print_versions("switch --back", &back);
    table::print(&[quiet, there, back, plain]);
    switched && switched_back && unnoticed
}

/// The row, and whether the agent exits 0.
fn by_agent(farm: &Farm, how: &'static str, words: &[&str]) -> (Row, bool) {
    row(farm, how, || {
        let warm = |settings: Settings| settings.set("app.web.keep", "10m");
        let started = Instant::now();
        let status = farm.agent(1, warm).command(words).status();
        let seconds = started.elapsed().as_secs_f64();
        status
            .is_ok_and(|status| status.success())
            .then_some(seconds)
    })
}

/// Users before, meanwhile and after.
fn row(farm: &Farm, how: &'static str, act: impl FnOnce() -> Option<f64>) -> (Row, bool) {
    let traffic = farm.full_traffic();
    thread::sleep(Duration::from_secs(1));
    let seconds = act();
    thread::sleep(Duration::from_secs(1));
    (Row::new(how, traffic.stop(), seconds), seconds.is_some())
}

fn stop_and_start(farm: &Farm) -> f64 {
    let (blue, namespace) = (farm.target(1, BLUE), &farm.host(1).namespace);
    let started = Instant::now();
    blue.stop(namespace);
    blue.start(namespace, Duration::from_secs(1));
    farm.wait_until_current(BLUE);
    let seconds = started.elapsed().as_secs_f64();
    println!("stopped, started and UP again in {seconds:.1} s");
    seconds
}

fn print_versions(how: &str, row: &Row) {
    let served = &row.met.served;
    let first = served
        .values()
        .map(|one| one.first)
        .fold(f64::MAX, f64::min);
    for (version, one) in served {
        println!(
            "  {how:<16}{version:<16}{:>6.2} to {:>5.2}{:>8} answers",
            one.first - first,
            one.last - first,
            one.requests
        );
    }
}
