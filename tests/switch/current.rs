//! The other verbs on a host with targets: they work on the current one alone.

use lab::now;
use lab::targets::{BLUE, Farm, GREEN, Lines};
use std::time::Duration;

use crate::met::Meeting;

/// Both run. The restart takes the host out of rotation, so another one serves meanwhile.
#[test]
fn a_restart_restarts_the_current_target_in_place() {
    let farm = Farm::start("restart_current", 2, Lines::without_twins());
    let [blue, green] = [BLUE, GREEN].map(|name| farm.target(1, name));
    green.start(&farm.host(1).namespace, Duration::ZERO);
    for (number, target) in [(1, GREEN), (2, BLUE)] {
        let agent = farm.agent(number, |settings| settings);
        let words = ["open", "web", "--to", target, "--json"];
        agent.words(&words).expect_exit(0);
        farm.assert_gates(number, target);
    }
    let agent = farm.agent(1, |settings| settings);
    agent
        .words(&["open", "web", "--to", BLUE, "--json"])
        .expect_exit(11);
    for target in [blue, green] {
        target.set_version(2);
    }
    let meeting = Meeting::begin(&farm);
    agent.run("restart", "web").expect_exit(0);
    let ended = now();
    let met = meeting.end();
    met.users.assert_unnoticed();
    assert_eq!(met.trouble, 0, "HAProxy's errors, retries and redispatches");
    met.assert_only_since(ended, &green.serves(2));
    farm.assert_gates(1, GREEN);
    assert!(blue.is_running() && green.is_running());
}
