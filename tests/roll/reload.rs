//! HAProxy reloads. The stats socket does not show the connections of the leaving worker. The agent
//! waits for them all the same, by the master CLI or by counting connections.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use lab::app_dir::AppDir;
use lab::fleet::{Fleet, Layout};
use lab::release::Release;
use lab::settings::Settings;
use lab::traffic::Answer;
use lab::{stats, wait_for};

#[test]
fn a_reload_before_a_two_stage_restart_is_waited_out() {
    finish_the_long_requests(Release::Installed, "long_two_stage", Layout::TwoStage);
}

#[test]
fn a_reload_before_a_classic_restart_is_waited_out() {
    finish_the_long_requests(Release::Installed, "long_classic", Layout::Classic);
}

/// Two hosts have requests of 10 s, HAProxy reloads, and then both hosts restart. One agent asks
/// the master, the other has to count the connections. Neither touches its app before the answer.
pub fn finish_the_long_requests(release: Release, test: &str, layout: Layout) {
    let fleet = Fleet::behind(release, test, layout, |reference| reference);
    fleet.open_gates();
    let boots = fleet.boots();
    let requests = [1, 2].map(|number| fleet.slow_request(number, 10_000));
    fleet.haproxy.reload();
    let traffic = fleet.traffic();
    let with_master = |settings: Settings| settings.master(fleet.haproxy.master());
    let agents = [
        fleet.agent(1, with_master).start("restart", "web"),
        fleet.agent(2, |settings| settings).start("restart", "web"),
    ];
    let answers = requests.map(lab::traffic::InFlight::answer);
    for ((agent, answer), number) in agents.into_iter().zip(answers).zip([1, 2]) {
        let report = agent.wait().expect_exit(0).report();
        unharmed(&answer, fleet.app(number));
        let waited = answer.ended_at - report.began("drain");
        assert!(waited > 2.0, "it was seen for {waited} s only: {report:?}");
    }
    assert_eq!(fleet.boots(), [boots[0] + 1, boots[1] + 1, boots[2]]);
    traffic.stop().assert_unnoticed();
}

#[test]
fn a_reload_during_the_drain_is_waited_out_with_the_master() {
    while_draining("drain_master", |fleet, settings| {
        settings.master(fleet.haproxy.master())
    });
}

#[test]
fn a_reload_during_the_drain_is_waited_out_by_counting() {
    while_draining("drain_count", |_, settings| settings);
}

fn while_draining(test: &str, change: impl Fn(&Fleet, Settings) -> Settings) {
    let fleet = Fleet::two_stage(test);
    fleet.open_gates();
    let boots = fleet.boots();
    let request = fleet.slow_request(1, 4000);
    let agent = fleet.agent(1, |settings| change(&fleet, settings));
    let running = agent.start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    fleet.haproxy.reload();
    let answer = request.answer();
    running.wait().expect_exit(0);
    unharmed(&answer, fleet.app(1));
    assert_eq!(fleet.boots()[0], boots[0] + 1);
}

/// During a reload the agent refuses no preflight for a fault that lasts 0.1 s: neither for a
/// socket without a listener, nor for other servers without a check result.
#[test]
fn a_reload_refuses_no_preflight() {
    let fleet = Fleet::quick("reload_preflight", |reference| reference);
    let agent = fleet.agent(1, |settings| settings.master(fleet.haproxy.master()));
    // Whether a look meets such a short moment is chance, so the test tries some reloads.
    let fell_into_one = (0..20).any(|_| {
        let worker = fleet.haproxy.worker();
        fleet.haproxy.process.signal(Signal::SIGUSR2);
        let from = Instant::now();
        let mut again = false;
        while from.elapsed() < Duration::from_secs(1) || !is_reloaded(&fleet, &worker) {
            let ended = agent.words(&["restart", "web", "--dry-run"]);
            again |= ended.expect_exit(0).out.contains("looked again");
            assert!(from.elapsed() < Duration::from_secs(20), "no other worker");
        }
        again
    });
    assert!(fell_into_one, "no look fell into a reload");
}

fn is_reloaded(fleet: &Fleet, worker: &str) -> bool {
    let answer = stats::try_ask(&fleet.haproxy.socket, "show info", Duration::from_secs(1));
    let pid = answer.ok().and_then(|answer| stats::info(&answer, "Pid"));
    pid.is_some_and(|pid| pid != worker)
}

/// The agent waits no longer than a second for a missing socket, and Ctrl-C ends even that wait.
#[test]
fn a_missing_socket_is_refused_after_a_second() {
    let fleet = Fleet::quick("socket_away", |reference| reference);
    let away = |settings: Settings| settings.haproxy("/run/nowhere.sock");
    let agent = fleet.agent(1, away);
    let from = Instant::now();
    agent.run("restart", "web").expect(11, "can't connect");
    let took = from.elapsed();
    assert!(took > Duration::from_millis(800), "refused in {took:?}");
    assert!(took < Duration::from_secs(8), "refused in {took:?}");
    let running = agent.start("restart", "web");
    let (lock, pid) = (fleet.host(1).dir.join("state/web.lock"), running.pid());
    wait_for("the agent has the lock", Duration::from_secs(20), || {
        let owner = std::fs::read_to_string(&lock).ok()?;
        owner.contains(&pid.to_string()).then_some(())
    });
    running.interrupt(Signal::SIGINT);
    running.wait().expect(130, "nothing was changed");
    // If a second look cannot help, the agent refuses at once.
    let elsewhere = |settings: Settings| settings.set("app.web.port", 1001);
    let agent = fleet.agent(2, elsewhere);
    let times = [(); 5].map(|()| {
        let from = Instant::now();
        let refused = agent.run("restart", "web");
        refused.expect(11, "no server line of this host");
        from.elapsed()
    });
    // A slow one may be the machine.
    let best = times.into_iter().min();
    assert!(best < Some(Duration::from_millis(800)), "{times:?}");
}

/// The new worker shows every line UP until its first check. The agent reports that, and it is no
/// fault.
#[test]
fn a_reload_during_the_restart_is_no_fault() {
    let fleet = Fleet::two_stage("reload_restart");
    fleet.open_gates();
    let traffic = fleet.traffic();
    let running = fleet.agent(1, |settings| settings).start("restart", "web");
    fleet.host(1).wait_for_phase("healthy");
    fleet.haproxy.reload();
    running.wait().expect(0, "restarted, and back in rotation");
    traffic.stop();
}

/// The app answered before it was restarted.
fn unharmed(answer: &Answer, app: &AppDir) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    app.assert_answered_before_the_stop();
}

#[test]
fn the_master_shows_the_leaving_worker() {
    show_the_leaving_worker(Release::Installed, "leaving");
}

/// The master CLI names the leaving worker, forwards commands to it, and forgets it after its last
/// request.
pub fn show_the_leaving_worker(release: Release, test: &str) {
    let fleet = Fleet::behind(release, test, Layout::TwoStage, |reference| reference);
    fleet.open_gates();
    let haproxy = &fleet.haproxy;
    let leaving = haproxy.worker();
    let request = fleet.held_request(1);
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
    wait_for("the leaving worker's end", Duration::from_secs(20), || {
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
