//! Plain ssh, host after host.

use std::time::Instant;

use crate::lab::agent::Running;
use crate::lab::estate::Estate;
use crate::lab::traffic::{Traffic, assert_unnoticed};

#[test]
fn one_after_the_other() {
    let begun = Instant::now();
    let estate = Estate::of("by_hand", 8);
    println!(
        "8 hosts are up after {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let traffic = estate.traffic();
    for host in &estate.site.hosts {
        let restart = ["agent", "restart", "--json"];
        let mut ssh = estate.operator.ssh(host, &restart);
        let report = Running::start("ssh", &mut ssh)
            .wait()
            .expect_exit(0)
            .report();
        assert_eq!(report.outcome, "restarted");
    }
    assert_unnoticed(&traffic.map(Traffic::stop));
    assert_eq!(estate.boots(), [2; 8]);
}
