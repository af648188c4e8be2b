//! The same switch with legacy tables, with addresses of IPv6, and with a cookie a target.

use lab::reference::Reference;
use lab::release::Release;
use lab::settings::Settings;
use lab::targets::{BLUE, Farm, GREEN, Lines};

use crate::met::Meeting;
use crate::rolls::print_phases;

#[test]
fn with_legacy_tables() {
    let farm = Farm::start("legacy", 1, Lines::with_twins());
    let legacy = |settings: Settings| settings.set("agent.iptables", "legacy");
    there_and_back(&farm, legacy);
    let tables = |program| farm.host(1).namespace.run(program, &["-t", "nat", "-S"]);
    let (rules, others) = (tables("iptables-legacy"), tables("iptables-nft"));
    assert!(rules.contains("--dport 1001 "), "parked: {rules}");
    assert!(!others.contains("--dport"), "{others}");
}

#[test]
fn with_ipv6_lines() {
    let ipv6 = |reference: Reference| reference.with("10.77.0.11:", "[fd77::11]:");
    let lines = Lines::with_twins();
    let farm = Farm::with(Release::Installed, "ipv6", 1, lines, ipv6);
    there_and_back(&farm, |settings| settings);
    let rules = farm
        .host(1)
        .namespace
        .run("ip6tables", &["-t", "nat", "-S"]);
    assert!(rules.contains("--dport 1001 "), "parked: {rules}");
}

/// With a cookie a target and a sticky time, users stay on the old version until that time ends.
#[test]
fn sticky_users_stay_on_the_old_version_for_the_sticky_time() {
    let farm = Farm::open("sticky", 1, Lines::with_twins().cookie_per_target());
    let meeting = Meeting::begin(&farm);
    let window = |settings: Settings| settings.set("app.web.sticky", "3s");
    let ended = farm.agent(1, window).words(&["switch", "web", "--json"]);
    let ended = ended.expect_exit(0);
    let met = meeting.end();
    met.print("a sticky time of 3 s");
    print_phases(&ended);
    met.assert_unnoticed();
    met.assert_only_since(ended.at, &farm.target(1, GREEN).serves(1));
    let [blue, green] =
        [BLUE, GREEN].map(|name| &met.users.served[&farm.target(1, name).serves(1)]);
    let (moves, shed) = (&met.users.moves, ended.report().began("shed"));
    assert!(!moves.is_empty(), "no user has moved");
    let early = moves.iter().find(|one| one.at < shed);
    assert!(early.is_none(), "before shed at {shed}: {early:?}");
    let both = blue.last_asked - green.first;
    assert!(
        both > 2.5,
        "both served for {both:.1} s only: {:?}",
        met.users.served
    );
}

fn there_and_back(farm: &Farm, change: impl Fn(Settings) -> Settings) {
    let agent = farm.agent(1, change);
    let open = ["open", "web", "--to", BLUE, "--json"];
    agent.words(&open).expect_exit(0);
    farm.wait_until_current(BLUE);
    for to in [GREEN, BLUE] {
        let mut meeting = Meeting::begin(farm);
        let ended = agent.run("switch", "web").expect_exit(0);
        // Its lines are DOWN, and its port is parked.
        farm.wait_until_current(to);
        meeting.reload();
        let met = meeting.end();
        met.print(&format!("to {to}, and a reload"));
        met.assert_unnoticed();
        met.assert_only_since(ended.at, &farm.target(1, to).serves(1));
    }
}
