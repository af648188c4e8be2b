//! The soak: restarts in a loop over three hosts behind HAProxy, with users on them, and one fault
//! after the other. Agents die or get signals, rules are flushed and restored, two operations run
//! at once, operators set lines, apps are sick, HAProxy is silent or reloads, and logs have no
//! reader. After each fault the soak checks what must hold.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use fastrand::Rng;

use account::Account;
use fault::Fault;
use lab::agent_check;
use lab::firewall;
use lab::fleet::{Fleet, Layout};
use lab::peak::Peaks;
use lab::reference::Reference;
use round::Round;
use signals::Stop;

mod account;
mod cut;
mod fault;
mod gates;
mod leaving;
mod operation;
mod ports;
mod rotation;
mod round;
mod settle;
mod sick;
mod signals;
mod table;
mod together;
mod unread;
mod variation;

/// Restarts in a loop over three hosts under traffic, with random faults
#[derive(Debug, Parser)]
struct Arguments {
    /// How long
    #[arg(default_value_t = 5.0)]
    minutes: f64,
    /// Repeats the faults of an earlier run, in their order
    seed: Option<u64>,
    /// Only the faults with this word in their name
    #[arg(long, default_value = "")]
    only: String,
}

fn main() -> ExitCode {
    let Arguments {
        minutes,
        seed,
        only,
    } = Arguments::parse();
    let faults = Fault::named(&only);
    assert!(!faults.is_empty(), "no fault is called so: {only}");
    let time = Duration::from_secs_f64(minutes * 60.0);
    let seed = seed.unwrap_or_else(|| fastrand::u64(1..1_000_000));
    let stop = Stop::on_signals();
    println!(
        "Three hosts, one HAProxy, 600 requests a second, for {minutes} minutes; seed {seed}."
    );
    let fleet = Fleet::with("soak", Layout::TwoStage, with_operator);
    fleet.site.hosts.iter().for_each(firewall::keep_tracking);
    fleet.open_gates();
    let quiet = fleet.haproxy.trouble();
    let peaks = Peaks::start();
    let traffic = fleet.full_traffic();
    let mut account = Account::new(seed);
    let mut rng = Rng::with_seed(seed);
    while account.elapsed() < time && !stop.asked() {
        let mut rng = rng.fork();
        let fault = Fault::draw(&faults, &mut rng);
        let is_well = Round::new(&fleet, &peaks, &mut account, rng).play(fault);
        account.report_failed(traffic.failed());
        account.report_trouble(fleet.haproxy.trouble());
        if !is_well {
            println!("What is broken can't be repaired: the soak ends here.");
            break;
        }
    }
    account.trouble = (account.trouble + fleet.haproxy.trouble()).saturating_sub(quiet);
    let met = traffic.stop();
    table::print(&account, &met, peaks.peak());
    match account.is_well() && met.failed == 0 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// The socket in the lab's folder is for operators. The agents ask over TCP, at level user. A main
/// line may also be DOWN by its agent check.
fn with_operator(reference: Reference) -> Reference {
    let main = format!("port 2000 {}\n", agent_check::WORDS);
    reference.for_operators().with("port 2000\n", &main)
}
