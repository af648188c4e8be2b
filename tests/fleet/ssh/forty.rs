//! The cost of a large fleet: forty hosts, a quarter at a time. All hosts with their apps, both HAProxies
//! and the operator share the cores of this machine.

use std::time::Instant;

use super::Rolling;
use lab::agent::Running;
use lab::cpu;
use lab::estate::Estate;
use lab::traffic::{Traffic, assert_unnoticed};

const HOSTS: usize = 40;
const BATCH: usize = 10;

/// The roll can't end before one restart in each batch is over, nor before this machine has done all
/// its work. It may take so many times the longer of the two, whatever else the machine does.
const RATIO: f64 = 1.6;

/// The seconds of CPU time of one restart, with everything that the agent runs.
const CPU: f64 = 0.8;

/// The seconds of CPU time of the whole machine for each host: its agent, ssh, both HAProxies, the users.
const WORK: f64 = 1.0;

#[test]
#[ignore = "scripts/soak runs it"]
fn forty_hosts_go_a_quarter_at_a_time() {
    let begun = Instant::now();
    let estate = Estate::of("ssh_forty", HOSTS);
    println!("{HOSTS} hosts are up after {:.1} s", seconds(begun));
    let traffic = estate.traffic();
    let (one, cpu) = (one_restart(&estate), cpu_of_one(&estate));
    println!("one restart {one:.1} s, {cpu:.2} s of CPU time");
    let watch = estate.watch();
    let (begun, worked) = (Instant::now(), cpu::of_machine());
    let rolled = estate.roll(&["--batch", "25%"], 0);
    let (all, worked) = (seconds(begun), cpu::of_machine() - worked);
    let seen = watch.stop();
    let met = traffic.map(Traffic::stop);
    let batches = HOSTS.div_ceil(BATCH);
    let waits = batches as f64 * one;
    let floor = waits.max(worked / cpu::cores());
    println!(
        "{HOSTS} hosts in {batches} batches {all:.1} s: {:.2} s a host, {:.2} x {batches} restarts; \
         the machine worked for {worked:.1} s on {} cores, so {:.2} x the floor of {floor:.1} s; at \
         most {:?} out at once; {} requests, {} failed",
        all / HOSTS as f64,
        all / waits,
        cpu::cores(),
        all / floor,
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
    boots[0] += 2;
    assert_eq!(estate.boots(), boots);
    assert!(cpu < CPU, "{cpu:.2}");
    // Else a roll that works more would raise its own floor.
    let each = worked / HOSTS as f64;
    assert!(each < WORK, "{each:.2}");
    assert!(all / floor < RATIO, "{:.2}", all / floor);
}

/// The seconds of one restart by plain ssh.
fn one_restart(estate: &Estate) -> f64 {
    let begun = Instant::now();
    let mut ssh = estate.operator.ssh(estate.host(1), &["agent", "restart"]);
    Running::start("ssh", &mut ssh).wait().expect_exit(0);
    seconds(begun)
}

/// The seconds of CPU time of one restart without ssh.
fn cpu_of_one(estate: &Estate) -> f64 {
    let before = cpu::of_children();
    let mut agent = estate.remote(1).command("agent");
    let running = Running::start("agent", agent.arg("restart"));
    running.wait().expect_exit(0);
    cpu::of_children() - before
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}
