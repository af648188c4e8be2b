//! HAProxy is reloaded. What the leaving worker carries is out of the stats socket's sight,
//! so in the middle of a restart the agent gives up before it touches the app.

use std::thread::sleep;
use std::time::Duration;

use crate::lab::fleet::{Fleet, Layout};
use crate::lab::release::Release;
use crate::lab::{now, stats, wait_for};

#[test]
fn while_draining() {
    let fleet = Fleet::two_stage("reload");
    fleet.open_gates();
    let boots = fleet.boots();
    let request = fleet.slow_request(1, 4000);
    let started = now();
    let running = fleet.agent(1, |settings| settings).start("restart", "web");
    fleet.haproxy.wait_said("srvs/bkp1", "DOWN", started);
    sleep(Duration::from_millis(200));
    fleet.haproxy.reload();
    let report = running.wait().expect_exit(13).report();
    assert!(
        report.message.contains("was reloaded"),
        "{}",
        report.message
    );
    assert_eq!(fleet.boots(), boots, "the app was touched");
    assert!(fleet.host(1).gate_is_open(2000) && fleet.host(1).gate_is_open(3000));
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn the_master_shows_the_leaving_worker() {
    show_the_leaving_worker(Release::Installed, "leaving");
}

/// The master CLI names the leaving worker, leads to it, and forgets it when its last
/// request was answered.
pub fn show_the_leaving_worker(release: Release, test: &str) {
    let fleet = Fleet::behind(release, test, Layout::TwoStage, |reference| reference);
    fleet.open_gates();
    let haproxy = &fleet.haproxy;
    let leaving = haproxy.worker();
    let request = fleet.slow_request(1, 2000);
    haproxy.reload();
    let [current, old] = workers(&stats::ask(haproxy.master(), "show proc"));
    assert_eq!(current, [haproxy.worker()]);
    assert_eq!(old, [leaving.as_str()]);
    let question = format!("@!{leaving} show stat srvs 4 -1");
    let answer = stats::ask(haproxy.master(), &question);
    let mut lines = stats::parse(&answer).into_iter();
    let web1 = lines.find(|line| line.get("svname") == "web1");
    assert_eq!(web1.expect("web1").number("scur"), 1, "{answer}");
    let request = request.answer();
    assert_eq!(request.status, 200, "{}", request.body);
    wait_for("the leaving worker's end", Duration::from_secs(5), || {
        let [_, old] = workers(&stats::ask(haproxy.master(), "show proc"));
        old.is_empty().then_some(())
    });
}

/// The processes under `# workers` and under `# old workers` in `show proc`.
fn workers(shown: &str) -> [Vec<String>; 2] {
    ["# workers\n", "# old workers\n"].map(|title| {
        let (_, rest) = shown.split_once(title).unwrap_or_default();
        let rows = rest.lines().take_while(|line| !line.starts_with('#'));
        let pids = rows.filter_map(|row| row.split_whitespace().next());
        pids.map(str::to_owned).collect()
    })
}
