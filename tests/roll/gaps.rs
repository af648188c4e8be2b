//! How long the agent itself delays a restart: from the moment a condition holds, by HAProxy's log
//! or the app's journal, to the agent's next step.

use lab::fleet::{Fleet, NUMBERS};
use lab::now;

/// Seconds, in the median of the restarts. One late step may be the machine; two are the agent.
const LIMIT: f64 = 0.100;

#[test]
fn the_agent_adds_no_wait_of_its_own() {
    let fleet = Fleet::two_stage("gaps");
    fleet.open_gates();
    let gaps = NUMBERS.map(|number| gaps(&fleet, number));
    for (what, seconds) in gaps.iter().flatten() {
        println!("{:4.0} ms  {what}", seconds * 1000.0);
        // A step before the condition would be a fault. HAProxy shows some before it logs them.
        assert!(*seconds > -0.02, "{what}: {seconds:.3} s early");
    }
    for kind in 0..gaps[0].len() {
        let (what, _) = gaps[0][kind];
        let mut late = gaps.map(|of_one| of_one[kind].1);
        late.sort_by(f64::total_cmp);
        assert!(late[1] < LIMIT, "{what}: {late:.3?} s");
    }
}

fn gaps(fleet: &Fleet, number: usize) -> [(&'static str, f64); 4] {
    let lines = ["web", "bkp"].map(|name| format!("srvs/{name}{number}"));
    let latest = |word: &str, from: f64| {
        let times = lines
            .each_ref()
            .map(|line| fleet.haproxy.wait_said(line, word, from));
        times.into_iter().fold(0.0, f64::max)
    };
    let started = now();
    let request = fleet.slow_request(number, 2000);
    let ended = fleet
        .agent(number, |settings| settings)
        .run("restart", "web");
    let ended = ended.expect_exit(0);
    let (report, answer) = (ended.report(), request.answer());
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answered = fleet.app(number).answered();
    let healthy = fleet.app(number).first_healthy().expect("a healthy app");
    let down = latest("DOWN", started);
    [
        ("HAProxy says DOWN -> drain", report.began("drain") - down),
        ("last answer -> restart", report.began("restart") - answered),
        ("app healthy -> open", report.began("open") - healthy),
        ("HAProxy says UP -> exit", ended.at - latest("UP", down)),
    ]
}
