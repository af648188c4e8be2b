//! A new version that is not placed: it does not start, is sick, fails its verification, or has no
//! room. Users are untouched, and the old version goes on. One that fails under users is swapped back.

use std::fs;
use std::time::{Duration, Instant};

use lab::settings::Settings;
use lab::site::BALANCER;
use lab::targets::{BLUE, Farm, GREEN, Lines};
use lab::underway::Underway;
use toml::{Table, Value};

use crate::met::Meeting;
use crate::rolls::{print_phases, warm};

/// One after the other on one host, under the same users.
#[test]
fn a_version_that_is_not_placed_touches_no_user() {
    let farm = Farm::open("not_placed", 1, Lines::with_twins());
    let green = farm.target(1, GREEN);
    let meeting = Meeting::begin(&farm);
    let same = |settings: Settings| settings;

    green.refuse_to_start();
    not_placed(&farm, same, &[], "green");
    green.heal();

    green.set_sick(true);
    not_placed(&farm, same, &[], "healthz");
    green.heal();

    green.set_cold(Duration::from_secs(6));
    not_placed(&farm, same, &[], "healthy");
    green.set_cold(Duration::from_millis(100));

    green.fail_verify();
    let verified = |settings: Settings| settings.set("app.web.verify", farm.verify(1));
    not_placed(&farm, verified, &[], "the smoke test fails");
    let seen = fs::read_to_string(farm.host(1).dir.join("verified"));
    assert_eq!(seen.expect("verify has run"), "web green 1001\n");
    left_running(&farm);
    green.heal();

    not_placed(
        &farm,
        same,
        &["--with", "echo no space; exit 3"],
        "no space",
    );

    let boots = green.boots().len();
    let huge = |settings: Settings| settings.set("app.web.memory", "900G");
    not_placed(&farm, huge, &[], "are available on this host");
    assert_eq!(green.boots().len(), boots, "it does not start without room");

    let met = meeting.end();
    met.print("six versions that are not placed");
    met.assert_unnoticed();
    let served: Vec<_> = met.users.served.keys().cloned().collect();
    assert_eq!(served, [farm.target(1, BLUE).serves(1)], "only blue served");
}

/// The warm target is stopped for its new version, and does not come up: nothing goes back to it.
#[test]
fn a_warm_target_that_does_not_start_again_is_not_ready() {
    let farm = Farm::open("warm_fails", 1, Lines::without_twins());
    let blue = farm.target(1, BLUE);
    let agent = farm.agent(1, warm);
    agent.run("switch", "web").expect_exit(0);
    assert!(blue.is_running(), "kept warm");
    let traffic = farm.traffic();
    let broken = |settings: Settings| {
        let start = vec!["false".to_owned()];
        warm(settings).set("app.web.target.blue.run.start", start)
    };
    let ended = farm.agent(1, broken).run("switch", "web").expect_exit(18);
    println!("{}", ended.report().message);
    blue.wait_until_stopped();
    farm.assert_current(1, GREEN);
    let status = agent.words(&["status", "web", "--json"]).json();
    let shown = &status["apps"][0]["targets"][0];
    assert!(shown["ready_until_unix_seconds"].is_null(), "{shown:#}");
    let refused = agent.words(&["switch", "web", "--back", "--json"]);
    let message = refused.expect_exit(11).report().message;
    let says = "no target is ready beside green";
    assert!(message.contains(says), "{message}");
    traffic.stop().assert_unnoticed();
}

/// It is not verified, and does not stop either: no way leads there before it has ended.
fn left_running(farm: &Farm) {
    let unstopped = |settings: Settings| {
        let stop = vec!["false".to_owned()];
        let settings = settings.set("app.web.target.green.run.stop", stop);
        settings.set("app.web.verify", farm.verify(1))
    };
    let agent = farm.agent(1, unstopped);
    agent.run("switch", "web").expect_exit(18);
    let green = farm.target(1, GREEN);
    assert!(green.is_running());
    let agent = farm.agent(1, |settings| settings);
    for way in ["--back", "--to=green"] {
        let refused = agent.words(&["switch", "web", way, "--json"]);
        let message = refused.expect_exit(11).report().message;
        println!("{message}");
        assert!(message.contains("a switch to green failed"), "{message}");
    }
    let finish = ["switch", "web", "--finish", "--json"];
    agent.words(&finish).expect_exit(0);
    green.wait_until_stopped();
    farm.assert_current(1, BLUE);
}

fn not_placed(farm: &Farm, change: impl Fn(Settings) -> Settings, more: &[&str], says: &str) {
    let hurried = |settings: Settings| {
        let limited = settings.set("app.web.timeouts.healthy", "2s");
        change(limited)
    };
    let words = [&["switch", "web", "--json"], more].concat();
    let ended = farm.agent(1, hurried).words(&words).expect_exit(18);
    let report = ended.report();
    println!("{}: {}", report.outcome, report.message);
    assert_eq!(report.outcome, "not_placed");
    assert!(ended.out.contains(says), "wanted {says:?} in {}", ended.out);
    farm.assert_current(1, BLUE);
    farm.target(1, GREEN).wait_until_stopped();
    assert_eq!(farm.host(1).journal_phase(), None);
}

/// It passes everything, and answers status 500 to one request in ten under users.
#[test]
fn a_version_that_fails_under_users_is_swapped_back() {
    let farm = Farm::open("fails_under_users", 3, Lines::with_twins());
    let green = farm.target(1, GREEN);
    green.fail_one_in(10);
    let meeting = Meeting::begin(&farm);
    let watched = |settings: Settings| {
        let settings = settings.set("app.web.verify", farm.verify(1));
        settings.set("app.web.settle", settle("10s", "1%"))
    };
    let started = Instant::now();
    let ended = farm.agent(1, watched).run("switch", "web").expect_exit(17);
    let took = started.elapsed().as_secs_f64();
    let met = meeting.end();
    let report = ended.report();
    println!(
        "{took:.1} s, {} answers of 500: {}",
        met.users.failed, report.message
    );
    print_phases(&ended);
    assert_eq!(report.outcome, "swapped_back");
    for figure in ["requests", "answered 5xx", "other servers", "1%"] {
        assert!(report.message.contains(figure), "{}", report.message);
    }
    let caught = report.began("take_back") - report.began("leave");
    println!("caught {caught:.1} s after the leave began");
    assert!(caught < 10.0, "settle has 10 s, and it took {caught:.1} s");
    farm.assert_current(1, BLUE);
    green.wait_until_stopped();
    met.assert_only_since(ended.at, &farm.target(1, BLUE).serves(1));
    failed_only_by(&met.users.failures, "status 500");
    met.looks.assert_never_fewer();
}

/// A version that is well stays, also one that is slow.
#[test]
fn a_slow_version_that_is_well_stays() {
    let farm = Farm::open("slow", 1, Lines::with_twins());
    let green = farm.target(1, GREEN);
    green.set_slow(Duration::from_millis(200));
    let meeting = Meeting::begin(&farm);
    let watched = |settings: Settings| settings.set("app.web.settle", settle("3s", "1%"));
    let ended = farm.agent(1, watched).run("switch", "web").expect_exit(0);
    let met = meeting.end();
    print_phases(&ended);
    farm.assert_current(1, GREEN);
    assert_eq!((met.users.failed, met.trouble), (0, 0), "{met:?}");
    met.looks.assert_never_fewer();
}

/// `settle` watches a restart, too.
#[test]
fn a_restart_that_makes_the_app_fail_is_reported() {
    let farm = Farm::open("settle_restart", 3, Lines::with_twins());
    let watched = |settings: Settings| settings.set("app.web.settle", settle("4s", "1%"));
    let agent = farm.agent(1, watched);
    let traffic = farm.traffic();
    agent.run("restart", "web").expect_exit(0);
    farm.target(1, BLUE).fail_one_in(10);
    let ended = agent.run("restart", "web").expect_exit(15);
    let met = traffic.stop();
    println!("{}", ended.report().message);
    assert_eq!(ended.report().outcome, "sick");
    farm.assert_gates(1, BLUE);
    failed_only_by(&met.failures, "status 500");
}

fn settle(lasts: &str, errors: &str) -> Value {
    let keys = [("for", lasts), ("errors", errors)];
    let table = keys.map(|(key, value)| (key.to_owned(), Value::from(value)));
    Table::from_iter(table).into()
}

fn failed_only_by(failures: &[lab::load::record::Event], what: &str) {
    assert!(!failures.is_empty(), "no user met the fault");
    let others: Vec<_> = failures.iter().filter(|one| one.what != what).collect();
    assert!(others.is_empty(), "{others:?}");
}

/// A long request and a stream on the old target outlast the drain: the old target stays, and `--finish`
/// ends it.
#[test]
fn a_long_request_leaves_the_old_target_running() {
    let farm = Farm::open("still_draining", 1, Lines::with_twins());
    let [blue, green] = [BLUE, GREEN].map(|name| farm.target(1, name));
    green.set_cold(Duration::from_millis(100));
    let request = farm.slow_request(1, 7000);
    let (from, to) = (&farm.site.balancer, format!("{BALANCER}:80"));
    let to = to.parse().expect("an address");
    let stream = Underway::sticky_stream(from, to, "/stream?ms=7000", "w1");
    farm.haproxy.wait_until("both are in flight", |lines| {
        lines.iter().any(|one| one.number("scur") == 2)
    });
    let meeting = Meeting::begin(&farm);
    let hurried = |settings: Settings| settings.set("app.web.timeouts.drain", "700ms");
    let agent = farm.agent(1, hurried);
    let ended = agent.run("switch", "web").expect_exit(19);
    let report = ended.report();
    println!("{}", report.message);
    assert_eq!(report.outcome, "still_draining");
    for says in ["srvs/web1-blue", "2 requests in flight"] {
        assert!(report.message.contains(says), "{}", report.message);
    }
    farm.assert_gates(1, GREEN);
    assert!(blue.is_running(), "the old target has a request");
    let answer = request.answer();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.starts_with("web1/blue "), "{}", answer.body);
    let streamed = stream.got();
    assert!(streamed.is_whole(), "{streamed:?}");
    let finish = ["switch", "web", "--finish", "--json"];
    agent.words(&finish).expect_exit(0);
    blue.wait_until_stopped();
    farm.assert_current(1, GREEN);
    let met = meeting.end();
    met.assert_unnoticed();
    met.assert_only_since(ended.at, &green.serves(1));
}
