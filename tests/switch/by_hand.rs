//! The lab itself: a swap by iptables alone loses nothing, and a wrong one is noticed. So what an
//! agent's switch loses is the agent's own.

use std::thread::sleep;
use std::time::Duration;

use lab::now;
use lab::targets::{BLUE, Farm, GREEN, Lines};

use crate::met::Meeting;

#[test]
fn a_swap_by_hand_loses_nothing() {
    let farm = Farm::start("by_hand", 1, Lines::with_twins());
    farm.open_by_hand(BLUE);
    let meeting = Meeting::begin(&farm);
    farm.switch_by_hand(1, BLUE, GREEN);
    let ended = now();
    let met = meeting.end();
    met.print("by hand");
    met.assert_unnoticed();
    met.assert_only_since(ended, &farm.target(1, GREEN).serves(1));
}

/// Both gates are closed for a moment.
#[test]
fn a_swap_that_closes_first_is_noticed() {
    let farm = Farm::start("close_first", 1, Lines::without_twins());
    farm.open_by_hand(BLUE);
    let [blue, green] = [BLUE, GREEN].map(|name| farm.target(1, name));
    green.start(&farm.host(1).namespace, Duration::ZERO);
    let meeting = Meeting::begin(&farm);
    farm.set_gate(1, blue.status_port(), blue, false);
    farm.haproxy.wait_until("blue is DOWN", |lines| {
        lines.iter().all(|line| line.status() == "DOWN")
    });
    farm.set_gate(1, green.status_port(), green, true);
    farm.wait_until_current(GREEN);
    let met = meeting.end();
    assert!(met.users.failed > 0, "{met:?}");
    let looks = &met.looks;
    assert_eq!((looks.first, looks.fewest, looks.logged), (1, 0, 0));
}

/// HAProxy counts every line as UP from a reload until its first check: its users wait for a stopped
/// target, unless its port is parked on the current one.
#[test]
fn a_reload_stalls_users_of_a_stopped_target_unless_it_is_parked() {
    // HAProxy checks the first line of the file at once, so the other one shows more.
    let farm = Farm::start("parked_by_hand", 1, Lines::without_twins());
    let [blue, green] = [BLUE, GREEN].map(|name| farm.target(1, name));
    farm.open_by_hand(BLUE);
    for parked in [false, true] {
        if parked {
            farm.park(1, green, blue);
        }
        let mut meeting = Meeting::begin(&farm);
        for _ in 0..2 {
            meeting.reload();
            sleep(Duration::from_secs(1));
        }
        let met = meeting.end();
        met.print(&format!("two reloads, parked: {parked}"));
        match parked {
            true => met.assert_unnoticed(),
            false => assert!(met.trouble > 0, "{met:?}"),
        }
    }
}
