//! The cost of a large fleet: forty hosts, a quarter at a time.

use std::time::Instant;

use super::Rolling;
use lab::agent::Running;
use lab::estate::Estate;
use lab::traffic::{Traffic, assert_unnoticed};

const HOSTS: usize = 40;
const BATCH: usize = 10;

/// Without work of hosts and operator, a roll would take one restart for each batch. Here all of
/// them share the two cores of one machine.
const RATIO: f64 = 6.0;

#[test]
#[ignore = "scripts/soak runs it"]
fn forty_hosts_go_a_quarter_at_a_time() {
    let begun = Instant::now();
    let estate = Estate::of("ssh_forty", HOSTS);
    println!("{HOSTS} hosts are up after {:.1} s", seconds(begun));
    let traffic = estate.traffic();
    let one = one_restart(&estate);
    let watch = estate.watch();
    let begun = Instant::now();
    let rolled = estate.roll(&["--batch", "25%"], 0);
    let all = seconds(begun);
    let seen = watch.stop();
    let met = traffic.map(Traffic::stop);
    let batches = HOSTS.div_ceil(BATCH);
    let ratio = all / (batches as f64 * one);
    println!(
        "one restart {one:.1} s; {HOSTS} hosts in {batches} batches {all:.1} s: {:.2} s a host, \
         {ratio:.2} x {batches} restarts; at most {:?} out at once; {} requests, {} failed",
        all / HOSTS as f64,
        seen.most(),
        met.iter().map(|one| one.requests).sum::<usize>(),
        met.iter().map(|one| one.failed).sum::<usize>(),
    );
    assert_unnoticed(&met);
    seen.assert_at_most(BATCH);
    let hosts: Vec<usize> = (1..=HOSTS).collect();
    let batches: Vec<_> = hosts.chunks(BATCH).collect();
    seen.assert_batches(&batches);
    assert_eq!(rolled.in_state("done").len(), HOSTS, "{rolled:#?}");
    let mut boots = [2; HOSTS];
    boots[0] += 1;
    assert_eq!(estate.boots(), boots);
    assert!(ratio < RATIO, "{ratio:.2}");
}

/// The seconds of one restart by plain ssh.
fn one_restart(estate: &Estate) -> f64 {
    let begun = Instant::now();
    let mut ssh = estate.operator.ssh(estate.host(1), &["agent", "restart"]);
    Running::start("ssh", &mut ssh).wait().expect_exit(0);
    seconds(begun)
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}
