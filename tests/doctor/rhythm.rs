//! The seconds to DOWN and UP, timed from the checks of a real HAProxy.

use crate::setup::{Point, Setup, Told};
use lab::reference::QUICK;
use lab::settings::Settings;

/// The doctor, who counts.
fn timed(setup: &Setup, change: impl Fn(Settings) -> Settings) -> Told {
    Told::of(setup.with_settings(change).words(&["doctor", "--json"]))
}

/// "port 2000: checked each 0.3 s: ..."
fn seconds(point: &Point) -> f64 {
    let (_, rest) = point.found.split_once("checked each ").expect("a time");
    rest.split(' ')
        .next()
        .expect("a number")
        .parse()
        .expect("a number")
}

#[test]
fn seconds_are_timed_and_held_against_the_limits() {
    let mut setup = Setup::start("doctor_timed");
    let told = timed(&setup, |settings| settings);
    for port in ["port 2000", "port 3000"] {
        let point = told.expect("detection", "ok", port);
        // Reference: inter 300 ms, fall 2, rise 2.
        assert!((0.15..=0.6).contains(&seconds(&point)), "{point:?}");
    }
    // Shorter than one check; and between that and all of them.
    let limit = |key: &'static str, limit: &'static str| {
        timed(&setup, move |settings| settings.set(key, limit))
    };
    let told = limit("app.web.timeouts.out_of_rotation", "100ms");
    let point = told.expect("detection", "error", "timeouts.out_of_rotation is 0.1 s");
    assert!(
        point.mend.starts_with("timeouts.out_of_rotation = \"")
            && point.mend.contains("in place of"),
        "{point:?}"
    );
    let told = limit("app.web.timeouts.in_rotation", "200ms");
    told.expect("detection", "warning", "timeouts.in_rotation is 0.2 s");
    // Two balancers check the same port.
    let second = setup.second_balancer();
    second.wait_until_all_up();
    let told = timed(&setup, |settings| settings.haproxy("tcp://10.77.0.1:9998"));
    let point = told.expect("detection", "ok", "port 2000");
    assert!((0.15..=0.6).contains(&seconds(&point)), "{point:?}");
    drop(second);
    // One that checks seldom: nobody waits longer than six seconds for it.
    setup.haproxy_is(|reference| reference.with(QUICK, "inter 20s"));
    let began = std::time::Instant::now();
    let told = timed(&setup, |settings| settings);
    told.expect("detection", "warning", "less often than each");
    assert!(began.elapsed().as_secs() < 15, "{:?}", began.elapsed());
    let told = timed(&setup, |settings| {
        settings.set("app.web.timeouts.out_of_rotation", "2s")
    });
    told.expect("detection", "error", "timeouts.out_of_rotation is 2.0 s");
    // The legacy tables count, too.
    setup.haproxy_is_up(|reference| reference);
    setup.sh("for i in iptables ip6tables; do $i -t nat -F; $i -t nat -X; done");
    let legacy = |settings: Settings| settings.set("agent.iptables", "legacy");
    setup
        .with_settings(legacy)
        .words(&["recover", "web"])
        .expect_exit(0);
    setup.haproxy().wait_until_all_up();
    timed(&setup, legacy).expect_ok("detection");
}

/// DOWN within 1.2 s, and no socket tells that.
#[test]
fn a_short_fastinter_is_no_error() {
    let mut setup = Setup::start("doctor_fast");
    setup.haproxy_is_up(|reference| {
        let slower = "inter 1s fastinter 100ms downinter 150ms";
        reference.with(QUICK, slower).with("fall 2", "fall 3")
    });
    let agent =
        setup.with_settings(|settings| settings.set("app.web.timeouts.out_of_rotation", "1500ms"));
    let told = Told::of(agent.words(&["doctor", "--json"]));
    told.expect("detection", "warning", "timeouts.out_of_rotation is 1.5 s");
    assert_eq!(told.exit, 0, "{}", told.text());
    agent.words(&["close", "web"]).expect_exit(0);
    agent.words(&["open", "web"]).expect_exit(0);
    let file = setup.site.dir.join("haproxy.cfg").display().to_string();
    let told = Told::of(agent.words(&["doctor", "--json", "--haproxy-cfg", &file]));
    told.expect_ok("detection");
    told.expect("cfg-rhythm", "ok", "DOWN within 1.2 s");
}

#[test]
fn a_closed_gate_counts_nothing() {
    let setup = Setup::start("doctor_uncounted");
    let agent = setup.with_settings(|settings| settings);
    agent.words(&["close", "web"]).expect_exit(0);
    let point = timed(&setup, |settings| settings).expect("detection", "warning", "can't be told");
    assert_eq!(point.mend, "once its gate is open, again: agent doctor web");
    agent.words(&["open", "web"]).expect_exit(0);
    timed(&setup, |settings| settings).expect_ok("detection");
}
