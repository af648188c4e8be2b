//! The demo: Apache, an app with a slow cold start and nginx on three hosts behind HAProxy, with
//! users of all kinds. The agent restarts all three, then a plain stop and start does. A table
//! shows what the users met. With `--switch` the agent switches one host with two targets instead. With
//! `--database` a PostgreSQL moves under three hosts.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use lab::fleet::NUMBERS;
use lab::mixed::Mixed;
use lab::signals;
use lab::traffic::FULL;
use table::Row;

mod database;
mod switch;
mod table;

const COLD: Duration = Duration::from_secs(3);
const HOSTS: [&str; 3] = [
    "Apache, apachectl -k graceful",
    "an app with a cold start of 3 s, SIGUSR2",
    "nginx, nginx -s reload",
];

fn main() -> ExitCode {
    signals::clean_up_on_signals();
    let well = match std::env::args().nth(1).as_deref() {
        Some("--database") => database::show(),
        Some("--switch") => switch::show(),
        _ => restart(),
    };
    match well {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Returns whether no user noticed the agent's restarts.
fn restart() -> bool {
    println!("Three hosts, one HAProxy, and users on them: 600 requests a second.");
    let mut mixed = Mixed::start("demo", COLD);
    mixed.open_gates();
    let quiet = quiet(&mixed);
    let (agent, all_exited_0) = by_agent(&mixed);
    let plain = by_hand(&mut mixed);
    let unnoticed = agent.met.failed == 0;
    let failures = agent.met.failures.clone();
    table::print(&[quiet, agent, plain]);
    if !unnoticed {
        println!("\nWhat failed in the agent's roll: {failures:#?}");
        println!("HAProxy says:\n{}", mixed.haproxy.bad_requests().join("\n"));
    }
    unnoticed && all_exited_0
}

fn quiet(mixed: &Mixed) -> Row {
    println!("\nNo restart for 5 seconds.");
    let traffic = mixed.traffic(FULL);
    thread::sleep(Duration::from_secs(5));
    Row::new("no restart", traffic.stop(), None)
}

fn by_agent(mixed: &Mixed) -> (Row, bool) {
    println!("\nA roll by `agent restart`, one host after the other.");
    let traffic = mixed.traffic(FULL);
    let started = Instant::now();
    let exits = NUMBERS.map(|number| {
        println!("\nhost {number}: {}", HOSTS[number - 1]);
        let mut restart = mixed.agent(number).command(&["restart", "web"]);
        restart.status().is_ok_and(|status| status.success())
    });
    let seconds = started.elapsed().as_secs_f64() / 3.0;
    let row = Row::new("agent restart", traffic.stop(), Some(seconds));
    (row, exits == [true; 3])
}

fn by_hand(mixed: &mut Mixed) -> Row {
    println!("\nThe same roll by a plain stop and start of each app.\n");
    let traffic = mixed.traffic(FULL);
    let mut seconds = 0.0;
    for number in NUMBERS {
        let started = Instant::now();
        mixed.stop_and_start(number);
        let took = started.elapsed().as_secs_f64();
        println!("host {number}: stopped and started in {took:.1} s");
        seconds += took / 3.0;
        // The careful operator looks whether the host is back before he goes on.
        thread::sleep(Duration::from_secs(1));
        mixed.haproxy.wait_until_all_up();
    }
    Row::new("stop and start", traffic.stop(), Some(seconds))
}
