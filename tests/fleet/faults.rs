//! Hosts that ssh cannot reach, and an app that does not come back: the faults of a roll, one by
//! one.

use lab::agent::{Ended, Running};
use lab::estate::Estate;

/// ssh fails before any program runs on the host.
fn refused(estate: &Estate, number: usize, says: &str) {
    refused_with(estate, number, &["true"], says);
}

fn refused_with(estate: &Estate, number: usize, words: &[&str], says: &str) {
    let ended = ssh(estate, number, words).expect_exit(255);
    assert!(
        ended.err.contains(says),
        "wanted {says:?} in: {}",
        ended.err
    );
}

fn ssh(estate: &Estate, number: usize, words: &[&str]) -> Ended {
    let mut ssh = estate.operator.ssh(estate.host(number), words);
    Running::start("ssh", &mut ssh).wait()
}

#[test]
fn each_way_to_lose_ssh_fails_before_the_agent_runs() {
    let estate = Estate::of("not_reached", 3);
    let watch = estate.watch();
    estate.remote(1).stop_sshd();
    refused(&estate, 1, "Connection refused");
    estate.remote(1).start_sshd();
    ssh(&estate, 1, &["true"]).expect_exit(0);

    estate.remote(2).silence_ssh();
    let soon = ["-o", "ConnectTimeout=2", "true"];
    refused_with(&estate, 2, &soon, "Connection timed out");
    estate.remote(2).restore_ssh();
    ssh(&estate, 2, &["true"]).expect_exit(0);

    let operator = &estate.operator;
    operator.forget_key(estate.host(3));
    refused(
        &estate,
        3,
        "host key is known for 10.77.0.13 and you have requested strict checking",
    );
    operator.meet(&estate.site.hosts);
    operator.mistake_key(estate.host(3));
    refused(&estate, 3, "REMOTE HOST IDENTIFICATION HAS CHANGED");
    operator.meet(&estate.site.hosts);
    ssh(&estate, 3, &["true"]).expect_exit(0);

    // HAProxy has noticed none of this.
    let seen = watch.stop();
    seen.assert_at_most(0);
    seen.assert_batches(&[]);
}

#[test]
fn an_app_that_stays_sick_is_exit_15() {
    let estate = Estate::of("sick", 3);
    estate.remote(2).hurry();
    let watch = estate.watch();
    estate.remote(2).app.set_sick_after_restart();
    let ended = ssh(&estate, 2, &["agent", "restart", "--json"]).expect_exit(15);
    assert_eq!(ended.report().outcome, "not_healthy", "{}", ended.out);
    // The same command restarts a host whose app is down, and so fixes it.
    estate.remote(3).stop_app();
    for haproxy in &estate.haproxies {
        haproxy.wait_until("host 3 is DOWN", |lines| {
            let web3 = lines.iter().find(|line| line.get("svname") == "web3");
            web3.is_some_and(|line| line.status() == "DOWN")
        });
    }
    ssh(&estate, 3, &["agent", "restart", "--json"]).expect_exit(0);
    let seen = watch.stop();
    assert_eq!(seen.most(), [2, 2]);
    let ends: Vec<_> = seen
        .spans()
        .iter()
        .map(|span| (span.host, span.to.is_some()))
        .collect();
    assert_eq!(ends, [(2, false), (3, true)]);
}
