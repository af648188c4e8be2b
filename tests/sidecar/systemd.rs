//! What it costs, and that there is one.

use std::fs;
use std::time::Duration;

use crate::lab::fleet::Fleet;
use crate::lab::sidecar::Sidecar;

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
    let status = agent().words(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    let told = status["sidecar"].as_str().unwrap();
    assert!(told.contains(&format!("pid {}", sidecar.pid())), "{told}");
    let checked = agent().words(&["run", "--dry-run"]).expect_exit(0);
    assert!(
        checked.out.contains("web: would keep open: "),
        "{}",
        checked.out
    );
}

/// At rest, with one app and two balancers: the time of the processor in clock ticks of
/// 10 ms, its children included, over 30 s, and the peak of its memory.
#[test]
fn at_rest_it_costs_next_to_nothing() {
    let fleet = Fleet::quick("sc_cost", |reference| reference);
    let _second = fleet.second_balancer(crate::lab::reference::QUICK);
    let both = |settings: crate::lab::settings::Settings| settings.haproxy("tcp://10.77.0.1:9998");
    let mut sidecar = Sidecar::start(fleet.host(1), fleet.agent(1, both));
    sidecar.wait_told("web: open, UP on 2 of 2 balancers");
    std::thread::sleep(Duration::from_secs(2));
    let before = ticks(sidecar.pid());
    std::thread::sleep(Duration::from_secs(30));
    let used = ticks(sidecar.pid()) - before;
    let status = fs::read_to_string(format!("/proc/{}/status", sidecar.pid())).unwrap();
    let memory = status.lines().find(|line| line.starts_with("VmHWM"));
    println!(
        "at rest: {used} ticks of 10 ms in 30 s, {}",
        memory.unwrap()
    );
    // 0.1 % would be 3 of a release build; this is not one.
    assert!(used <= 9, "{used} ticks in 30 s");
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
