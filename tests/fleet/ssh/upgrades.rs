//! An upgrade that breaks one host's app: the roll stops there.

use super::{Rolling, eight, hurried};
use lab::daemon::argv;
use lab::estate::{Estate, settings};
use lab::settings::Settings;
use lab::traffic::{Traffic, assert_unnoticed};

/// The command that each host runs after the drain. Release 2 breaks web3.
const UPGRADE: &str = ". /etc/default/web; echo 2 >\"$dir/release\"; \
                       [ \"$name\" != web3 ] || touch \"$dir/sick\"";

const ROLLBACK: &str = ". /etc/default/web; echo 1 >\"$dir/release\"; rm -f \"$dir/sick\"";

fn releases(estate: &Estate) -> Vec<String> {
    let files = estate
        .remotes
        .iter()
        .map(|remote| remote.app.path().join("release"));
    files
        .map(|file| {
            std::fs::read_to_string(file)
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
        .collect()
}

fn gates_are_open(estate: &Estate, number: usize) -> bool {
    let rules = estate.remote(number).sh("iptables -t nat -S");
    rules.contains("--dport 2000 ") && rules.contains("--dport 3000 ")
}

#[test]
fn a_broken_upgrade_stops_the_roll() {
    let estate = hurried("ssh_broken");
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let rolled = estate.roll(&["--with", UPGRADE], 1);
    assert_eq!(rolled.in_state("done"), [1, 2], "{rolled:#?}");
    assert_eq!(rolled.in_state("not_reached"), [4, 5, 6, 7, 8]);
    let broken = rolled.host(3);
    assert_eq!((broken.state.as_str(), broken.exit), ("failed", Some(15)));
    assert_eq!(releases(&estate), ["2", "2", "2", "", "", "", "", ""]);
    assert_eq!(estate.boots(), [2, 2, 2, 1, 1, 1, 1, 1]);
    // It stays closed, and the roll has touched no other host.
    assert!(!gates_are_open(&estate, 3));
    let seen = watch.stop();
    seen.assert_at_most(1);
    seen.assert_batches(&[&[1], &[2], &[3]]);
    assert!(seen.spans()[2].to.is_none());
    assert_unnoticed(&traffic.map(Traffic::stop));
}

#[test]
fn a_rolled_back_upgrade_stops_the_roll() {
    let rollback =
        |settings: Settings| settings.set("app.web.rollback", argv(&["sh", "-c", ROLLBACK]));
    let estate = Estate::with("ssh_rollback", 8, rollback);
    // It must be healthy within this time after the rollback.
    let hurried = rollback(settings()).set("app.web.timeouts.healthy", "3s");
    estate.remote(3).configure(&hurried);
    let (traffic, watch) = (estate.traffic(), estate.watch());
    let rolled = estate.roll(&["--with", UPGRADE], 1);
    assert_eq!(rolled.in_state("done"), [1, 2], "{rolled:#?}");
    assert_eq!(rolled.in_state("not_reached"), [4, 5, 6, 7, 8]);
    let back = rolled.host(3);
    assert_eq!((back.state.as_str(), back.exit), ("failed", Some(17)));
    assert_eq!(releases(&estate), ["2", "2", "1", "", "", "", "", ""]);
    assert_eq!(estate.boots(), [2, 2, 3, 1, 1, 1, 1, 1]);
    assert!(gates_are_open(&estate, 3));
    let seen = watch.stop();
    seen.assert_at_most(1);
    seen.assert_batches(&[&[1], &[2], &[3]]);
    assert!(seen.spans().iter().all(|span| span.to.is_some()));
    assert_unnoticed(&traffic.map(Traffic::stop));
}

/// The shell of each host expands the command line, and no other shell. No shell expands the
/// reason.
#[test]
fn only_the_host_expands_the_command() {
    let estate = eight("ssh_line", 1);
    let line = ". /etc/default/web; printf '%s' \"$name $(echo 'a  b')\" \"; *\" >\"$dir/release\"";
    let reason = "--it's $(hostname)  \"2.1\"; *";
    let given = format!("--reason={reason}");
    estate.roll(&["--batch", "8", "--with", line, &given], 0);
    let wanted: Vec<String> = (1..=8)
        .map(|number| format!("web{number} a  b; *"))
        .collect();
    assert_eq!(releases(&estate), wanted);
    for remote in &estate.remotes {
        let history = remote.history();
        let restart = ("restart".to_owned(), Some(reason.to_owned()));
        assert_eq!(history.last(), Some(&restart), "host {}", remote.number);
    }
}
