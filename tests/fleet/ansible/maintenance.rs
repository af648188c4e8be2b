//! The playbooks `maintenance` and `readonly`: all users meet the page, or none of them, and all writes
//! are refused, or none.

use super::{ansible, assert_last_words, start};
use lab::agent::Running;
use lab::ansible::{Ansible, Core};
use lab::paged::Paged;
use lab::traffic::{Traffic, assert_unnoticed};

const ALL: [usize; 3] = [1, 2, 3];

fn turn(ansible: &Ansible, what: &str, words: &[&str]) -> Running {
    play(ansible, "maintenance", what, words)
}

fn play(ansible: &Ansible, playbook: &str, what: &str, words: &[&str]) -> Running {
    let what = format!("haproxy_gate_{playbook}={what}");
    let words = [&["-e", &what, "-e", "haproxy_gate_reason=move"], words].concat();
    start(&mut ansible.playbook(&format!("haproxy_gate.agent.{playbook}"), &words))
}

/// No request fails. The hosts have the reason.
#[test]
fn it_is_on_for_all_hosts_and_off_again() {
    let paged = Paged::open("ansible_page");
    let ansible = ansible(&paged.estate);
    let traffic = paged.estate.traffic();
    let too_few = turn(&ansible, "on", &["--forks", "2"]).wait();
    assert!(too_few.out.contains("--forks 3"), "{}", too_few.out);
    paged.assert_on_page(&ALL, false);
    for (what, on) in [("on", true), ("off", false)] {
        let ended = turn(&ansible, what, &[]).wait().expect_exit(0);
        let title = format!("Maintenance is {what}.");
        assert_last_words(&ended, &[&title, &format!("{what}: web1, web2, web3")]);
        paged.assert_on_page(&ALL, on);
    }
    let met = traffic.map(Traffic::stop);
    assert_unnoticed(&met);
    for users in &met {
        let served = &users.served;
        assert!(
            served.keys().any(|name| name.contains("-page")),
            "{served:?}"
        );
    }
    let begun = ("maintenance on".to_owned(), Some("move".to_owned()));
    let history = paged.estate.remote(1).history();
    assert!(history.contains(&begun), "{history:?}");
}

/// A host that is held closed has a marker, too.
#[test]
#[ignore = "scripts/soak runs it"]
fn read_only_is_on_for_all_hosts_or_for_none() {
    let paged = Paged::open("ansible_readonly");
    let ansible = ansible(&paged.estate).with_core(Core::Newest);
    paged
        .estate
        .remote(3)
        .sh("agent close web --reason 'a disk'");
    for (what, on) in [("on", true), ("off", false)] {
        let ended = play(&ansible, "readonly", what, &[]).wait().expect_exit(0);
        let title = format!("Read-only is {what}.");
        assert_last_words(&ended, &[&title, &format!("{what}: web1, web2, web3")]);
        paged.assert_read_only(&ALL, on);
    }
}

/// The second host refuses after its dry run, so the first one comes back. The third one is held closed:
/// it is left out. Then the second one refuses at once, and nothing changes.
#[test]
fn off_undoes_what_was_done() {
    let paged = Paged::open("ansible_page_undone");
    let estate = &paged.estate;
    let ansible = ansible(estate).with_core(Core::Oldest);
    estate.remote(3).sh("agent close web --reason 'a disk'");
    let executable = format!("haproxy_gate_executable={}", paged.with_an_unlucky_host());
    let traffic = estate.traffic();
    let ended = turn(&ansible, "on", &["-e", &executable]).wait();
    let ended = ended.expect_exit(2);
    // In this order.
    let said = [
        "\"FAILED: web2: ",
        "\"Maintenance is not on.\"",
        "\"on: none\"",
        "\"undone: web1\"",
        "\"left out: web3\"",
    ];
    said.iter().fold(ended.out.as_str(), |rest, said| {
        let found = rest.split_once(said);
        found
            .unwrap_or_else(|| panic!("no {said}: {}", ended.out))
            .1
    });
    let verbs = |number| estate.remote(number).history().len();
    let before = verbs(1);
    let refused = turn(&ansible, "on", &[]).wait().expect_exit(2);
    assert!(
        refused.out.contains("Maintenance did not begin"),
        "{}",
        refused.out
    );
    assert_eq!(verbs(1), before, "untouched");
    paged.assert_on_page(&[1, 2], false);
    assert!(!estate.host(3).gate_is_open(2009));

    assert_unnoticed(&traffic.map(Traffic::stop));

    // The same for read-only, where a host that is held closed goes along.
    let config = "/etc/haproxy-gate/agent.toml";
    estate
        .remote(2)
        .sh(&format!("sed -i s/1008/1009/ {config}"));
    let ended = play(&ansible, "readonly", "on", &["-e", &executable]).wait();
    let ended = ended.expect_exit(2);
    for said in [
        "\"FAILED: web2: ",
        "\"Read-only is not on.\"",
        "\"undone: web1, web3\"",
    ] {
        assert!(ended.out.contains(said), "no {said}: {}", ended.out);
    }
    paged.assert_read_only(&ALL, false);
}
