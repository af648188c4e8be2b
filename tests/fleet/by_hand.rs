//! A roll by plain ssh, host after host.

use std::time::Instant;

use lab::agent::Running;
use lab::estate::Estate;
use lab::haproxy::Haproxy;
use lab::now;
use lab::traffic::{Traffic, assert_unnoticed};

#[test]
fn a_roll_by_plain_ssh_goes_host_by_host() {
    let begun = Instant::now();
    let estate = Estate::of("by_hand", 8);
    println!(
        "8 hosts are up after {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let (traffic, watch, from) = (estate.traffic(), estate.watch(), now());
    for host in &estate.site.hosts {
        let mut ssh = estate.operator.ssh(host, &["agent", "restart", "--json"]);
        let report = Running::start("ssh", &mut ssh)
            .wait()
            .expect_exit(0)
            .report();
        assert_eq!(report.outcome, "restarted");
        println!("{}: {:.2} s by itself", host.name(), report.seconds);
    }
    let seen = watch.stop();
    assert_unnoticed(&traffic.map(Traffic::stop));
    for span in seen.spans() {
        println!(
            "{}: out for {:.2} s",
            span.host,
            span.seconds().expect("an end")
        );
    }
    assert_eq!(seen.most(), [1, 1], "{:?}", seen.spans());
    seen.assert_batches(&[&[1], &[2], &[3], &[4], &[5], &[6], &[7], &[8]]);
    // The watch has missed nothing: HAProxy has warned of the same number.
    for haproxy in &estate.haproxies {
        let downs = downs(haproxy, from);
        assert_eq!(downs, 8, "{}", haproxy.process.err.text());
    }
    assert_eq!(estate.boots(), [2; 8]);
}

/// How often a main line went DOWN since then, from the warnings: HAProxy drops lines of its log that it
/// cannot write at once.
fn downs(haproxy: &Haproxy, from: f64) -> usize {
    let lines = haproxy.process.err.all().into_iter();
    let downs = lines.filter(|line| {
        let text = &line.text;
        line.at >= from && text.contains("Server srvs/web") && text.contains(" is DOWN")
    });
    downs.count()
}
