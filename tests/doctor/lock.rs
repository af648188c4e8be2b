//! The lock of the group: its server, and other hosts with other slots.

use crate::setup::{Diagnosis, Setup};
use lab::etcd::Etcd;

#[test]
fn a_lock_server_that_is_away_and_other_slots_are_found() {
    let setup = Setup::start("doctor_lock");
    let etcd = Etcd::start(&setup.site, 1);
    let doctor = |endpoint: &str, slots: usize| {
        let agent = setup.with_settings(|settings| {
            let settings = settings.set("lock.etcd", vec![endpoint.to_owned()]);
            settings
                .set("lock.group", "web")
                .set("lock.slots", slots as i64)
        });
        Diagnosis::of(agent.words(&["doctor", "--json"]))
    };
    let found = doctor(&etcd.endpoints()[0], 1);
    found.expect_ok("lock-server");
    found.expect_ok("lock-room");
    found.expect("lock-slots", "unseen", "no other host has asked");
    // `/haproxy-gate/web/web9/web`, and an owner with two slots.
    etcd.put(
        "L2hhcHJveHktZ2F0ZS93ZWIvd2ViOS93ZWI=",
        "eyJpZCI6IndlYjkvd2ViIiwiaG9zdCI6IndlYjkiLCJzbG90cyI6Mn0=",
    );
    let found = doctor(&etcd.endpoints()[0], 1);
    found.expect("lock-slots", "warning", "slots = 1, but 2 on web9");
    let found = doctor("http://10.77.0.1:1", 2);
    found.expect("lock-server", "error", "connection refused");
    found.expect(
        "lock-room",
        "warning",
        "slots = 2; of 2 servers 1 may be out",
    );
}
