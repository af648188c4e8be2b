//! Faults that stop a roll, and how the next roll goes on.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::{ansible, assert_last_words, roll};
use lab::agent::Ended;
use lab::ansible::Ansible;
use lab::estate::{Estate, settings};
use lab::traffic::{Traffic, assert_unnoticed};
use lab::wait_for;

/// The roll does not begin because of host 3, and says these words about it.
fn refuses(ansible: &Ansible, says: &str) -> Ended {
    refuses_with(ansible, &[], says)
}

fn refuses_with(ansible: &Ansible, words: &[&str], says: &str) -> Ended {
    let ended = roll(ansible, words).wait();
    assert!([2, 4].contains(&ended.exit), "exit {}", ended.exit);
    for words in ["The roll did not begin. Problems:", "web3", says] {
        assert!(ended.out.contains(words), "no {words:?} in {}", ended.out);
    }
    assert_eq!(ansible.left().expect("a file").len(), 3);
    ended
}

/// Ansible shows "Broken pipe" in place of the words of an ssh that closes its input before Ansible has
/// written to it.
fn assert_ssh_says(refused: &Ended, says: &str) {
    let shown = [says, "Broken pipe"].map(|words| refused.out.contains(words));
    assert_ne!(shown, [false; 2], "no {says:?} in {}", refused.out);
}

/// The roll has not begun on hosts 1 and 2 either.
#[test]
fn a_host_out_of_reach_or_not_ready_prevents_the_roll() {
    let estate = Estate::of("ansible_refused", 3);
    let ansible = ansible(&estate);
    let watch = estate.watch();

    estate.remote(3).stop_sshd();
    assert_ssh_says(
        &refuses(&ansible, "[web3]: UNREACHABLE!"),
        "Connection refused",
    );
    estate.remote(3).start_sshd();

    estate.operator.mistake_key(estate.host(3));
    let refused = refuses(&ansible, "[web3]: UNREACHABLE!");
    assert_ssh_says(&refused, "Host key verification failed.");
    estate.operator.meet(&estate.site.hosts);

    let remote = estate.remote(3);
    remote.sh("mv /usr/local/sbin/agent /usr/local/sbin/away");
    refuses(&ansible, "Failed to find required executable");
    remote.sh("mv /usr/local/sbin/away /usr/local/sbin/agent");
    watch.stop().assert_batches(&[]);

    remote.sh("agent close web --reason 'a disk'");
    refuses(&ansible, "closed by `agent close web`");
    // An explicit default has the same effect.
    let said = ["-e", "haproxy_gate_held=refuse"];
    refuses_with(&ansible, &said, "closed by `agent close web`");
    // An unfinished upgrade is not an operator's hold, so the roll does not skip it.
    remote.sh("agent open web; agent restart web --with 'exit 3' || true");
    let skip = ["-e", "haproxy_gate_held=skip"];
    refuses_with(&ansible, &skip, "does not skip a failed upgrade");
    assert_eq!(estate.boots(), [1; 3]);
    // A host that an earlier roll left closed is not an operator's hold.
    remote.sh("agent open web; agent close web --reason rolling_restart.yml");
    let ended = roll(&ansible, &[&said[..], &["--limit", "web3"]].concat()).wait();
    assert_last_words(
        &ended.expect_exit(0),
        &["The roll is over.", "done: web3", "to do: none"],
    );
    assert_eq!(estate.boots(), [1, 1, 2]);
}

/// The roll stops there and leaves the others untouched. After the fix the next roll begins with
/// that host.
#[test]
fn an_app_that_stays_sick_stops_the_roll() {
    let estate = Estate::of("ansible_sick", 5);
    estate.remote(3).hurry();
    let ansible = ansible(&estate);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    estate.remote(3).app.set_sick_after_restart();
    let ended = roll(&ansible, &["-e", "haproxy_gate_serial=2"]).wait();
    let ended = ended.expect_exit(2);
    let wanted = [
        "The roll has stopped.",
        "done: web1, web2, web4",
        "failed: web3: Restart the app: ",
        "not reached: web5",
        "continue with: --limit @",
    ];
    assert_last_words(&ended, &wanted);
    assert!(
        ended
            .out
            .contains("(exit 15: the restart or the upgrade failed, or the app is not healthy")
    );
    let left = ["web3", "web5"].map(str::to_owned);
    assert_eq!(ansible.left(), Some(left.to_vec()));
    assert_eq!(estate.boots(), [2, 2, 2, 2, 1]);
    let seen = watch.stop();
    seen.assert_at_most(2);
    let closed = seen.spans().into_iter().filter(|span| span.to.is_none());
    let closed: Vec<usize> = closed.map(|span| span.host).collect();
    assert_eq!(closed, [3], "the sick one stays closed, alone");

    estate.remote(3).app.set_sick(false);
    estate.remote(3).configure(&settings());
    let words = [
        "--limit",
        "@rolling_restart.retry",
        "-e",
        "haproxy_gate_serial=50%",
    ];
    let ended = roll(&ansible, &words).wait().expect_exit(0);
    let wanted = ["The roll is over.", "done: web3, web5", "to do: none"];
    assert_last_words(&ended, &wanted);
    assert_eq!(ansible.left(), None);
    assert_eq!(estate.boots(), [2, 2, 3, 2, 2]);
    assert_unnoticed(&traffic.map(Traffic::stop));
}

/// Such a host takes less capacity from the users.
#[test]
fn a_host_that_is_down_goes_first() {
    let estate = Estate::of("ansible_down", 5);
    let ansible = ansible(&estate);
    estate.remote(5).stop_app();
    for haproxy in &estate.haproxies {
        haproxy.wait_until("web5 is DOWN", |lines| {
            let web5 = lines.iter().find(|line| line.get("svname") == "web5");
            web5.is_some_and(|line| line.status() == "DOWN")
        });
    }
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let ended = roll(&ansible, &["-e", "haproxy_gate_serial=1,3"]).wait();
    let ended = ended.expect_exit(0);
    let all = "done: web5, web1, web2, web3, web4";
    assert_last_words(&ended, &["The roll is over.", all, "to do: none"]);
    let seen = watch.stop();
    seen.assert_batches(&[&[5], &[1, 2, 3], &[4]]);
    assert_unnoticed(&traffic.map(Traffic::stop));
}

/// The operator ends the roll, but not the running agents, which wait for the end of a request each. The
/// next roll finds all hosts as expected.
#[test]
fn a_roll_goes_on_after_ctrl_c() {
    let estate = Estate::of("ansible_ended", 5);
    let ansible = ansible(&estate);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let mut rolling = roll(&ansible, &["-e", "haproxy_gate_serial=2"]);
    // Ansible needs this time for a batch.
    wait_for("the first batch", Duration::from_secs(100), || {
        estate.boots().starts_with(&[2, 2]).then_some(())
    });
    let under_way = [3, 4].map(|number| estate.remote(number));
    let requests = under_way.map(|remote| estate.held_request(remote.number));
    for remote in under_way {
        remote.wait_for_phase("drain");
    }
    rolling.interrupt(Signal::SIGINT);
    wait_for("Ansible to end", Duration::from_secs(30), || {
        (!rolling.is_running()).then_some(())
    });
    for remote in under_way {
        remote.answer_now();
    }
    let ended = rolling.wait();
    for request in requests {
        assert_eq!(request.answer().status, 200);
    }
    assert_ne!(ended.exit, 0);
    let left = ["web3", "web4", "web5"].map(str::to_owned);
    assert_eq!(ansible.left(), Some(left.to_vec()));
    for remote in under_way {
        remote.wait_until_idle();
    }
    estate.wait_until_all_up();
    let words = [
        "--limit",
        "@rolling_restart.retry",
        "-e",
        "haproxy_gate_serial=3",
    ];
    let ended = roll(&ansible, &words).wait().expect_exit(0);
    let rest = "done: web3, web4, web5";
    assert_last_words(&ended, &["The roll is over.", rest, "to do: none"]);
    let boots = estate.boots();
    assert_eq!([boots[0], boots[1]], [2; 2]);
    assert_eq!(boots[4], 2);
    watch.stop().assert_at_most(3);
    assert_unnoticed(&traffic.map(Traffic::stop));
}
