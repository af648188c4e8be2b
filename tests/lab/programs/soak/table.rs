//! The closing table, at most 80 columns wide.

use crate::account::{Account, clock, exit_text};
use lab::load::record::Summary;
use lab::peak::Peak;

/// The number of failed requests and violated checks in the table.
const SHOWN: usize = 10;

pub fn print(account: &Account, met: &Summary, peak: Peak) {
    let time = clock(account.elapsed().as_secs());
    println!("\nThe soak: {time}, seed {}\n", account.seed);
    faults(account);
    operations(account);
    users(account, met);
    println!(
        "agent               peak memory {:.1} MB, at most {} open files",
        peak.kilobytes as f64 / 1024.0,
        peak.files
    );
    println!("violated checks     {}", account.violations.len());
    for violation in account.violations.iter().take(SHOWN) {
        println!("  {violation}");
    }
}

fn faults(account: &Account) {
    println!("{:<44}{:>6}", "fault", "rounds");
    for (name, count) in &account.faults {
        println!("{name:<44}{count:>6}");
    }
    println!("{:<44}{:>6}\n", "", account.faults.values().sum::<usize>());
}

fn operations(account: &Account) {
    println!("{:<12}{:>8}{:>30}", "operation", "exit", "times");
    for ((verb, exit), count) in &account.operations {
        println!("{verb:<12}{:>8}{count:>30}", exit_text(*exit));
    }
    println!(
        "{:<20}{:>30}\n",
        "",
        account.operations.values().sum::<usize>()
    );
}

fn users(account: &Account, met: &Summary) {
    println!("requests            {}, {:.0}/s", met.requests, met.rate);
    println!("failed              {}", met.failed);
    for event in met.failures.iter().take(SHOWN) {
        println!("{:20}{}", "", account.event(event));
    }
    if let Some(event) = &met.slowest {
        println!("slowest             {}", account.event(event));
    }
    println!(
        "slow requests       {} of 2 to 6 s, {} unanswered",
        account.slow, account.unanswered
    );
    println!(
        "HAProxy             econ + eresp + wretr + wredis = {}",
        account.trouble
    );
}
