//! What it costs, and that there is one.

use std::fs;
use std::time::Duration;

use lab::built;
use lab::fleet::Fleet;
use lab::reference::QUICK;
use lab::settings::Settings;
use lab::sidecar::Sidecar;

#[test]
fn there_is_one_on_a_host() {
    let fleet = Fleet::closed("sc_one", |reference| reference);
    let agent = || fleet.agent(1, |settings| settings);
    let sidecar = Sidecar::start(fleet.host(1), agent());
    let second = agent().words(&["run"]);
    let second = second.expect_exit(10);
    assert!(
        second
            .err
            .contains("the sidecar runs already: `agent run`, pid "),
        "{}",
        second.err
    );
    let status = agent().words(&["status", "--json"]).json();
    let owner = &status["sidecar"];
    assert_eq!(owner["pid"], sidecar.pid(), "{owner}");
    assert_eq!(owner["command"], "agent run", "{owner}");
    assert!(owner["since_unix_seconds"].is_u64(), "{owner}");
    let checked = agent().words(&["run", "--dry-run"]).expect_exit(0);
    assert!(
        checked.out.contains("web: would keep open: "),
        "{}",
        checked.out
    );
}

/// At rest, with one app and two balancers: 0.1 % of a core and 12 MiB at most, of the build
/// that is packed. A clock tick is 10 ms; what children took counts.
#[test]
fn at_rest_it_costs_next_to_nothing() {
    let fleet = Fleet::quick("sc_cost", |reference| reference);
    let _second = fleet.second_balancer(QUICK);
    let both = |settings: Settings| settings.haproxy("tcp://10.77.0.1:9998");
    let program = built::released_agent();
    let agent = fleet.agent(1, both).installed_at(&program);
    let mut sidecar = Sidecar::start(fleet.host(1), agent);
    sidecar.wait_told("web: open, UP on 2 of 2 balancers");
    std::thread::sleep(Duration::from_secs(2));
    let before = ticks(sidecar.pid());
    std::thread::sleep(Duration::from_secs(40));
    let used = ticks(sidecar.pid()) - before;
    let memory = peak(sidecar.pid());
    println!("at rest: {used} ticks of 10 ms in 40 s, at most {memory} kB of memory");
    assert!(used <= 4, "{used} ticks in 40 s");
    assert!(memory < 12 * 1024, "{memory} kB");
}

/// The most memory it has ever had, in kB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// utime, stime and those of its children, in ticks.
fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = stat.rsplit(") ").next().unwrap().split(' ');
    fields
        .skip(11)
        .take(4)
        .map(|field| field.parse::<u64>().unwrap())
        .sum()
}
