//! `--switch` over three hosts with two targets each: a new version beside the old one, and back.

use super::Rolling;
use lab::estate::Estate;
use lab::now;
use lab::settings::Settings;
use lab::targets::{BLUE, Capacity, GREEN};
use lab::traffic::{Traffic, assert_unnoticed};

const ALL: [usize; 3] = [1, 2, 3];

/// The command that prepares the idle target of a host.
pub(super) const RELEASE: &str = ". \"/etc/default/web-$AGENT_TARGET\"; echo 2 >\"$dir/version\"";

/// No user notices. A second roll finds nothing to do. The way back goes on all hosts at once.
#[test]
fn a_roll_switches_each_host_and_back() {
    let warm = |settings: Settings| settings.set("app.web.keep", "10m");
    let estate = Estate::with_targets("ssh_switch", 3, warm);
    let capacity = estate.haproxies.each_ref().map(Capacity::start);
    let traffic = estate.traffic();
    let to_green = ["--switch", "--to", "green", "--with", RELEASE];
    let rolled = estate.roll(&to_green, 0);
    let switched_at = now();
    assert_eq!(rolled.outcomes(), ["switched"; 3], "{rolled:#?}");
    assert_eq!(rolled.batches.len(), 3, "one by one");
    for number in ALL {
        estate.assert_current(number, GREEN);
        assert!(estate.runs(number, BLUE), "kept warm");
    }
    let again = [&to_green[..], &["--batch", "100%"]].concat();
    let again = estate.roll(&again, 0);
    assert_eq!(again.outcomes(), ["nothing_to_do"; 3], "{again:#?}");
    let met = traffic.map(Traffic::stop);
    for users in &met {
        for number in ALL {
            let green = &users.served[&format!("web{number}/green 2")];
            assert!(green.last > switched_at, "green of host {number} serves");
            let blue = &users.served[&format!("web{number}/blue 1")];
            assert!(blue.last_asked < switched_at, "blue of host {number}");
        }
    }
    assert_unnoticed(&met);

    let traffic = estate.traffic();
    let back = estate.roll(&["--switch", "--back", "--batch", "100%"], 0);
    assert_unnoticed(&traffic.map(Traffic::stop));
    assert_eq!(back.outcomes(), ["switched_back"; 3], "{back:#?}");
    for number in ALL {
        estate.assert_current(number, BLUE);
    }
    assert_eq!(estate.boots(), [1; 3], "a warm target does not start again");
    for looks in capacity.map(Capacity::stop) {
        looks.assert_never_fewer();
    }
    estate.assert_no_record();
    estate.assert_no_connection();
}
