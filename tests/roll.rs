//! The whole thing: real HAProxy, real iptables, real apps, steady traffic.

mod lab;

use lab::fleet::Fleet;

#[test]
fn smoke() {
    let fleet = Fleet::two_stage("smoke");
    fleet.open_gates();
    let quiet = fleet.quiet_run();
    println!("{quiet:#?}");
}
