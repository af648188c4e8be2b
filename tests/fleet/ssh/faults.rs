//! Faults that stop a roll, and faults that do not.

use std::process::Command;
use std::time::Duration;

use super::{Rolled, Rolling, eight, hurried};
use lab::estate::{Estate, settings};
use lab::traffic::{Traffic, assert_unnoticed};
use lab::wait_for;

/// The roll did not begin on any host, because of host 3.
fn refuses(estate: &Estate, says: &str) {
    let rolled = estate.roll(&["--batch", "8"], 3);
    assert_eq!(rolled.outcome, "could_not_begin");
    assert!(rolled.host(3).message.contains(says), "{rolled:#?}");
    assert_eq!(rolled.in_state("not_reached").len(), 8);
    assert_eq!(rolled.record, None);
}

#[test]
fn a_host_out_of_reach_or_not_ready_prevents_the_roll() {
    let estate = Estate::of("ssh_refused", 8);
    let watch = estate.watch();
    estate.remote(3).stop_sshd();
    refuses(
        &estate,
        "unreachable: ssh: connect to host 10.77.0.13 port 22: Connection refused",
    );
    estate.remote(3).start_sshd();

    estate.operator.forget_key(estate.host(3));
    refuses(&estate, "unreachable: Host key verification failed.");
    estate.operator.mistake_key(estate.host(3));
    refuses(&estate, "unreachable: Host key verification failed.");
    estate.operator.meet(&estate.site.hosts);

    estate
        .remote(3)
        .sh("mv /usr/local/sbin/agent /usr/local/sbin/away");
    refuses(&estate, "no agent on this host: ");
    estate
        .remote(3)
        .sh("mv /usr/local/sbin/away /usr/local/sbin/agent");

    assert_eq!(estate.boots(), [1; 8]);
    watch.stop().assert_batches(&[]);
    estate.assert_no_connection();
}

#[test]
fn a_held_host_prevents_the_roll_or_is_skipped() {
    let estate = Estate::of("ssh_held", 8);
    estate.remote(3).sh("agent close web --reason 'a disk'");
    refuses(&estate, "a disk");
    assert_eq!(estate.boots(), [1; 8]);
    // With an option for held hosts, the roll restarts the others.
    let rolled = estate.roll(&["--batch", "4", "--skip-held"], 0);
    assert_eq!(rolled.in_state("skipped"), [3], "{rolled:#?}");
    assert_eq!(rolled.in_state("done").len(), 7);
    assert_eq!(estate.boots(), [2, 2, 1, 2, 2, 2, 2, 2]);
    assert!(!estate.host(3).gate_is_open(2000));
}

/// With one allowed failure the roll finishes the other hosts, and the failed host is as before.
#[test]
fn an_allowed_failure_does_not_stop_the_roll() {
    let estate = Estate::of("ssh_allowed", 8);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    estate.remote(3).stop_sshd();
    let words = ["--batch", "4", "--max-failures", "1"];
    let rolled = estate.roll(&words, 1);
    assert_eq!(rolled.in_state("failed"), [3], "{rolled:#?}");
    assert_eq!(rolled.in_state("done"), [1, 2, 4, 5, 6, 7, 8]);
    assert_eq!(estate.boots(), [2, 2, 1, 2, 2, 2, 2, 2]);
    estate.remote(3).start_sshd();
    let rolled = estate.go_on(&rolled, 0);
    assert_eq!(rolled.in_state("done").len(), 8);
    assert_eq!(estate.boots(), [2; 8]);
    let seen = watch.stop();
    seen.assert_at_most(4);
    // A host that the roll leaves out takes no place in a batch.
    seen.assert_batches(&[&[1, 2, 4, 5], &[6, 7, 8], &[3]]);
    assert_unnoticed(&traffic.map(Traffic::stop));
    estate.assert_no_record();
}

/// The roll stops there: it finishes the batch and leaves the others untouched.
#[test]
fn an_app_that_stays_sick_stops_the_roll() {
    let estate = hurried("ssh_sick");
    let (traffic, watch) = (estate.traffic(), estate.watch());
    estate.remote(3).app.set_sick_after_restart();
    let rolled = estate.roll(&["--batch", "2"], 1);
    assert_eq!(rolled.outcome, "failed");
    let failed = rolled.host(3);
    assert_eq!((failed.state.as_str(), failed.exit), ("failed", Some(15)));
    assert_eq!(rolled.in_state("done"), [1, 2, 4], "{rolled:#?}");
    assert_eq!(rolled.in_state("not_reached"), [5, 6, 7, 8]);
    assert_eq!(estate.boots(), [2, 2, 2, 2, 1, 1, 1, 1]);
    let seen = watch.stop();
    seen.assert_at_most(2);
    let out = seen.spans();
    let closed: Vec<usize> = out
        .iter()
        .filter(|one| one.to.is_none())
        .map(|one| one.host)
        .collect();
    assert_eq!(closed, [3], "the sick one stays closed, alone");

    // A roll begins with the hosts that are down, and so fixes them.
    estate.remote(3).app.set_sick(false);
    estate.remote(3).configure(&settings());
    let watch = estate.watch();
    let rolled = estate.go_on(&rolled, 0);
    assert_eq!(rolled.in_state("done").len(), 8, "{rolled:#?}");
    assert_eq!(estate.boots(), [2, 2, 3, 2, 2, 2, 2, 2]);
    drop(watch);
    assert_unnoticed(&traffic.map(Traffic::stop));
}

#[test]
fn a_host_that_is_down_goes_first() {
    let estate = eight("ssh_down", 6);
    let traffic = estate.traffic();
    estate.remote(6).stop_app();
    for haproxy in &estate.haproxies {
        haproxy.wait_until("web6 is DOWN", |lines| {
            let web6 = lines.iter().find(|line| line.get("svname") == "web6");
            web6.is_some_and(|line| line.status() == "DOWN")
        });
    }
    let watch = estate.watch();
    let rolled = estate.roll(&["--canary", "1", "--batch", "50%"], 0);
    assert_eq!(rolled.batches[0], ["web6"]);
    let seen = watch.stop();
    seen.assert_batches(&[&[6], &[1, 2, 3, 4], &[5, 7, 8]]);
    seen.assert_at_most(2);
    assert_eq!(estate.boots(), [2; 8]);
    drop(traffic);
}

/// When the connection is lost in the middle, the roll asks once more for the state of the host.
#[test]
fn a_lost_connection_stops_the_roll() {
    let estate = eight("ssh_lost", 1);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let held_up = estate.held_request(2);
    let roll = estate.start_roll(&["--batch", "2"]);
    estate.remote(2).wait_for_phase("drain");
    kill_connection(&estate, 2);
    let rolled = Rolled::of(&roll.wait().expect_exit(1));
    let lost = rolled.host(2);
    assert!(
        lost.message.contains("the connection was lost"),
        "{lost:#?}"
    );
    // The agent put everything back before the roll asked.
    assert!(lost.message.contains("now in rotation"), "{lost:#?}");
    assert_eq!(rolled.in_state("done"), [1]);
    assert_eq!(rolled.in_state("not_reached"), [3, 4, 5, 6, 7, 8]);
    drop(held_up);
    assert_eq!(estate.boots(), [2, 1, 1, 1, 1, 1, 1, 1]);
    estate.wait_until_all_up();
    assert!(watch.stop().spans().iter().all(|span| span.to.is_some()));
    assert_unnoticed(&traffic.map(Traffic::stop));
}

/// Kills the ssh process that has the connection to this host, by its id.
fn kill_connection(estate: &Estate, number: usize) {
    let files = std::fs::read_dir(&estate.operator.dir)
        .expect("a folder")
        .flatten();
    let mut folders = files.filter(|one| one.file_name().to_string_lossy().starts_with("rolling-"));
    let folder = folders
        .next()
        .expect("the sockets of the connections")
        .path();
    let mut check = estate.operator.command("ssh");
    // Numbers name the sockets; the first is 0.
    check.arg("-S").arg(folder.join((number - 1).to_string()));
    check.args(["-O", "check", "--", &format!("web{number}")]);
    let said = check.output().expect("ssh runs").stderr;
    let said = String::from_utf8_lossy(&said).into_owned();
    let pid = said
        .split_once("pid=")
        .and_then(|(_, rest)| rest.split_once(')'));
    let pid = pid.unwrap_or_else(|| panic!("{said}")).0;
    let killed = Command::new("kill").args(["-KILL", pid]).status();
    assert!(killed.expect("kill runs").success());
    wait_for("it is gone", Duration::from_secs(5), || {
        (!std::path::Path::new(&format!("/proc/{pid}")).exists()).then_some(())
    });
}
