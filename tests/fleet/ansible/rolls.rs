//! Rolls over all hosts, a few at a time. No user notices.

use super::{ansible, assert_last_words, named, roll, with_floor};
use lab::ansible::Ansible;
use lab::estate::Estate;
use lab::now;
use lab::traffic::{Traffic, assert_unnoticed};

const ALL: &str = "done: web1, web2, web3, web4, web5, web6, web7, web8";

/// Rolls all hosts in these batches. HAProxy must see each batch.
fn in_batches(test: &str, serial: &str, batches: &[&[usize]]) {
    let estate = Estate::of(test, 8);
    let ansible = ansible(&estate);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let began = now();
    let serial = format!("haproxy_gate_serial={serial}");
    let ended = roll(&ansible, &["-e", &serial]).wait().expect_exit(0);
    println!("8 hosts in {:.1} s", ended.at - began);
    let seen = watch.stop();
    assert_unnoticed(&traffic.map(Traffic::stop));
    seen.assert_batches(batches);
    let largest = batches.iter().map(|batch| batch.len()).max();
    seen.assert_at_most(largest.expect("a batch"));
    assert_eq!(estate.boots(), [2; 8]);
    assert_last_words(&ended, &["The roll is over.", ALL, "to do: none"]);
    assert_eq!(ansible.left(), None);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn hosts_go_one_by_one() {
    let one_by_one: [&[usize]; 8] = [&[1], &[2], &[3], &[4], &[5], &[6], &[7], &[8]];
    in_batches("ansible_one", "1", &one_by_one);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn one_host_goes_first_then_a_quarter_at_a_time() {
    let growing: [&[usize]; 5] = [&[1], &[2, 3], &[4, 5], &[6, 7], &[8]];
    in_batches("ansible_quarter", "1,25%", &growing);
}

/// One batch with all hosts, while HAProxy can spare two.
#[test]
fn a_batch_takes_out_as_many_as_haproxy_can_spare() {
    let estate = with_floor("ansible_spare", 6, 4);
    let ansible = ansible(&estate);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let words = ["-e", "haproxy_gate_serial=100%"];
    let ended = roll(&ansible, &words).wait().expect_exit(0);
    let seen = watch.stop();
    assert_unnoticed(&traffic.map(Traffic::stop));
    seen.assert_at_most(2);
    assert_eq!(seen.most(), [2, 2], "it went one by one");
    assert_eq!(estate.boots(), [2; 6]);
    let all = "done: web1, web2, web3, web4, web5, web6";
    assert_last_words(&ended, &["The roll is over.", all, "to do: none"]);
}

/// Each operator rolls one half without knowing of the other. Together they may take out two hosts.
#[test]
#[ignore = "scripts/soak runs it"]
fn two_operators_share_the_floor() {
    let estate = with_floor("ansible_two", 8, 6);
    let operators = [named(&estate, "one"), named(&estate, "other")];
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let halves = ["~web[1-4]", "~web[5-8]"];
    let start = |(operator, half): (&Ansible, &str)| {
        let hosts = format!("haproxy_gate_hosts={half}");
        roll(operator, &["-e", "haproxy_gate_serial=4", "-e", &hosts])
    };
    let rolls = operators.iter().zip(halves).map(start);
    for roll in rolls.collect::<Vec<_>>() {
        roll.wait().expect_exit(0);
    }
    let seen = watch.stop();
    assert_unnoticed(&traffic.map(Traffic::stop));
    seen.assert_at_most(2);
    assert_eq!(estate.boots(), [2; 8]);
}
