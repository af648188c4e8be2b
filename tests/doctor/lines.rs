//! Our lines on a real HAProxy: each fault is reported, and correct lines are ok.

use crate::setup::Setup;
use lab::reference::Reference;
use lab::wait_for;
use std::time::Duration;

const MAIN: &str = "    server web1 10.77.0.11:1000 cookie w1 port 2000\n";
const TWIN: &str = "    server bkp1 10.77.0.11:1000 cookie w1 port 3000 backup\n";

fn twin(line: &str) -> String {
    format!("    server bkp1 {line}\n")
}

#[test]
fn missing_lines_are_an_error() {
    let mut setup = Setup::start("doctor_lost");
    for (line, says) in [
        (
            "    server web1 10.77.0.99:1000 cookie w1 port 2000\n",
            "serves this app by bkp1",
        ),
        (
            "    server web1 10.77.0.11:1000 cookie w1 port 2009\n",
            "checks port 2009",
        ),
    ] {
        setup.haproxy_is(|reference| reference.with(MAIN, line));
        setup.doctor().expect("lines", "error", says);
    }
    setup.haproxy_is(|reference| reference.with(MAIN, "").with(TWIN, ""));
    setup.doctor().expect(
        "lines",
        "error",
        "no server line has an address of this host",
    );
    setup.haproxy_is_up(|reference| reference);
    setup.doctor().expect_ok("lines");
}

#[test]
fn a_twin_must_fit_its_main_line() {
    let mut setup = Setup::start("doctor_twin");
    setup.sh("ip addr add 10.77.0.111/24 dev eth0");
    let first = format!("{TWIN}{MAIN}");
    for (check, verdict, says, lines) in [
        ("twin", "warning", "no twin: web1", String::new()),
        (
            "check-port",
            "warning",
            "bkp1 checks the app itself",
            twin("10.77.0.11:1000 cookie w1 backup"),
        ),
        (
            "same-address",
            "error",
            "bkp1 has address 10.77.0.111, web1 has 10.77.0.11",
            twin("10.77.0.111:1000 cookie w1 port 3000 backup"),
        ),
        (
            "same-port",
            "error",
            "bkp1 sends its users to port 1009, the app has port 1000",
            twin("10.77.0.11:1009 cookie w1 port 3000 backup"),
        ),
        (
            "backup",
            "error",
            "a twin, and not marked `backup`: bkp1",
            twin("10.77.0.11:1000 cookie w1 port 3000"),
        ),
        (
            "checks",
            "error",
            "no check of its own: bkp1",
            twin("10.77.0.11:1000 cookie w1 port 3000 backup no-check"),
        ),
        (
            "fall",
            "warning",
            "fall 1: bkp1",
            twin("10.77.0.11:1000 cookie w1 port 3000 backup fall 1"),
        ),
    ] {
        setup.haproxy_is(|reference| reference.with(TWIN, &lines));
        setup.doctor().expect(check, verdict, says);
    }
    setup.haproxy_is(|reference| reference.with(TWIN, "").with(MAIN, &first));
    setup
        .doctor()
        .expect("twin-order", "error", "before its main line: bkp1");
    let marked = MAIN.replace("port 2000", "port 2000 backup");
    setup.haproxy_is(|reference| reference.with(MAIN, &marked));
    setup
        .doctor()
        .expect("backup", "error", "a main line, and marked `backup`: web1");
    setup.haproxy_is_up(|reference| reference);
    setup.doctor().expect_only(&[]);
    for check in [
        "twin",
        "same-address",
        "same-port",
        "twin-order",
        "backup",
        "checks",
        "fall",
    ] {
        setup.doctor().expect_ok(check);
    }
}

/// HAProxy shows cookies only from level operator on.
#[test]
fn a_twin_with_another_cookie_is_an_error() {
    let seen = ":9999 level operator";
    let mut setup = Setup::with("doctor_cookie", |reference| {
        reference.with(":9999 level user", seen)
    });
    setup.doctor().expect_ok("same-cookie");
    let other = twin("10.77.0.11:1000 cookie w2 port 3000 backup");
    setup.haproxy_is_up(|reference| reference.with(":9999 level user", seen).with(TWIN, &other));
    let point = setup
        .doctor()
        .expect("same-cookie", "error", "bkp1 has cookie w2, web1 has w1");
    assert!(
        point.fix.contains("cookie w1 check port 3000 backup"),
        "{point:?}"
    );
    setup.haproxy_is_up(|reference| reference.with(TWIN, &other));
    let hidden = setup.doctor();
    hidden.expect("same-cookie", "unseen", "hidden at level user");
    hidden.expect("haproxy-cfg", "unseen", "was not given");
    let none = TWIN.replace(" cookie w1", "");
    let main = MAIN.replace(" cookie w1", "");
    setup.haproxy_is(|reference| {
        let reference = reference.with(":9999 level user", seen);
        reference.with(MAIN, &main).with(TWIN, &none)
    });
    let diagnosis = setup.doctor();
    diagnosis.expect("same-cookie", "ok", "main and twin have no cookie");
}

/// A host with one line for IPv4 and one for IPv6, each with its twin.
#[test]
fn lines_of_both_families_are_ok() {
    let six = |line: &str, name: &str| {
        let line = line.replace("10.77.0.11:", "[fd77::11]:");
        line.replace(name, &format!("{name}six"))
            .replace("w1", "w1s")
    };
    let mut setup = Setup::start("doctor_dual");
    let both = |reference: Reference, twin: &str| {
        let reference = reference.with(":9999 level user", ":9999 level operator");
        let mains = format!("{MAIN}{}", six(MAIN, "web1"));
        reference.with(MAIN, &mains).with(TWIN, twin)
    };
    let twins = format!("{}{TWIN}", six(TWIN, "bkp1"));
    setup.haproxy_is_up(|reference| both(reference, &twins));
    setup.doctor().expect_only(&[]);
    setup.haproxy_is_up(|reference| both(reference, TWIN));
    let diagnosis = setup.doctor();
    let point = diagnosis.expect("twin", "warning", "no twin: web1six");
    let line = "server web1six-twin [fd77::11]:1000 cookie w1s check port 3000 backup";
    assert_eq!(point.fix, line);
    diagnosis.expect_only(&["twin"]);
}

#[test]
fn each_line_that_is_not_up_is_found() {
    let mut setup = Setup::with("doctor_down", lab::reference::Reference::for_operators);
    setup.haproxy().operate("set server srvs/web1 state maint");
    let point = setup
        .doctor()
        .expect("fully-up", "warning", "srvs/web1 is MAINT");
    let ready = "on the balancer: set server srvs/web1 state ready; ";
    assert!(point.fix.starts_with(ready), "{}", point.fix);
    setup.haproxy().operate("set server srvs/web1 state ready");
    setup.haproxy().wait_until_all_up();
    setup.doctor().expect_ok("fully-up");
    // The app answers, but not as HAProxy expects.
    setup.haproxy_is(|reference| reference.with("expect status 200", "expect status 204"));
    setup.haproxy().wait_until("it is DOWN", |lines| {
        lines.iter().all(|line| line.status() == "DOWN")
    });
    let diagnosis = setup.doctor();
    diagnosis.expect(
        "fully-up",
        "error",
        "srvs/web1 is DOWN (L7STS) although its gate is open",
    );
    diagnosis.expect("others", "error", "0 other usable servers");
    // Another process answers behind a closed gate: the check goes straight to the app.
    setup.haproxy_is_up(|reference| reference);
    setup.sh(
        "iptables -t nat -I PREROUTING -p tcp --dport 2000 -j REDIRECT --to-ports 1000; \
              iptables -t nat -D HAPROXY-GATE 2; ip6tables -t nat -D HAPROXY-GATE 2",
    );
    let diagnosis = setup.doctor();
    diagnosis.expect(
        "fully-up",
        "error",
        "srvs/web1 is UP although its gate is closed",
    );
    setup.sh("iptables -t nat -D PREROUTING -p tcp --dport 2000 -j REDIRECT --to-ports 1000");
    setup
        .with_settings(|settings| settings)
        .words(&["recover", "web"])
        .expect_exit(0);
    setup.haproxy().wait_until_all_up();
    setup.doctor().expect_only(&[]);
}

#[test]
fn a_running_slow_start_is_found() {
    let mut setup = Setup::start("doctor_slow");
    let slow = MAIN.replace("port 2000", "port 2000 slowstart 4s");
    setup.haproxy_is(|reference| reference.with(MAIN, &slow).for_operators());
    // Servers that come up with HAProxy itself have no slow start.
    setup.haproxy().wait_until_all_up();
    setup.haproxy().operate("set server srvs/web1 state maint");
    setup.haproxy().operate("set server srvs/web1 state ready");
    let diagnosis = wait_for("a slow start", Duration::from_secs(4), || {
        let diagnosis = setup.doctor();
        diagnosis.is_wrong("slow-start").then_some(diagnosis)
    });
    diagnosis.expect("slow-start", "warning", "is in slow start, at ");
    wait_for("its end", Duration::from_secs(10), || {
        let diagnosis = setup.doctor();
        let mut points = diagnosis
            .points
            .into_iter()
            .filter(|point| point.check == "slow-start");
        points.all(|point| point.verdict == "ok").then_some(())
    });
}

#[test]
fn too_few_other_servers_are_an_error() {
    let setup = Setup::start("doctor_few");
    let floor = |floor: i64| {
        setup.doctor_with(move |settings| settings.set("app.web.min_available", floor))
    };
    floor(2).expect(
        "others",
        "error",
        "1 other usable servers, min_available is 2",
    );
    floor(1).expect_ok("others");
    let other = &setup.site.hosts[1].namespace;
    other.run("sh", &["-ec", "iptables -t nat -F; ip6tables -t nat -F"]);
    setup.haproxy().wait_until("web2 is DOWN", |lines| {
        lines
            .iter()
            .any(|line| line.get("svname") == "web2" && line.status() == "DOWN")
    });
    floor(0).expect("others", "warning", "no server serves the users");
}
