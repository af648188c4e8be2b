//! An app with two targets on a host, blue and green, behind a real HAProxy with one cookie a host.
//! Each test starts from a sound host: blue is current, and green is stopped.

use std::fs;
use std::path::PathBuf;

use lab::agent::Agent;
use lab::settings::Settings;
use lab::targets::{BLUE, Farm, GREEN, Lines};

use crate::setup::Diagnosis;

struct Host(Farm);

impl Host {
    fn start(test: &str) -> Host {
        Host(Farm::open(test, 1, Lines::with_twins()))
    }

    /// There is no other host.
    fn agent(&self, change: impl Fn(Settings) -> Settings) -> Agent<'_> {
        self.0.agent(1, |settings| {
            change(settings.set("app.web.min_available", 0))
        })
    }

    fn doctor_with(&self, change: impl Fn(Settings) -> Settings) -> Diagnosis {
        Diagnosis::of(self.agent(change).words(&["doctor", "--json"]))
    }

    fn doctor(&self) -> Diagnosis {
        self.doctor_with(|settings| settings)
    }

    fn does(&self, words: &[&str]) {
        self.agent(|settings| settings).words(words).expect_exit(0);
    }

    fn sh(&self, line: &str) {
        self.0.host(1).namespace.run("sh", &["-ec", line]);
    }

    /// The file of the record.
    fn record(&self) -> PathBuf {
        self.0.host(1).dir.join("state/web.target")
    }

    fn write_record(&self, text: &str) {
        fs::write(self.record(), text).expect("a record");
    }
}

/// One cookie for both targets, and HAProxy on another host.
#[test]
fn a_host_with_a_stopped_idle_target_is_ok() {
    let host = Host::start("doctor_targets");
    let file = host.0.site.dir.join("haproxy.cfg").display().to_string();
    let verify = host.0.verify(1);
    let agent = host.agent(|settings| settings.set("app.web.verify", verify.clone()));
    let diagnosis = Diagnosis::of(agent.words(&["doctor", "--json", "--haproxy-cfg", &file]));
    diagnosis.expect_only(&["others"]);
    for check in [
        "current-target",
        "target-run",
        "verify",
        "ready-target",
        "parking",
        "target-order",
        "target-cookie",
        "target-twin",
        "gate",
        "app-health",
        "fully-up",
    ] {
        diagnosis.expect_ok(check);
    }
    diagnosis.expect("app-health", "ok", "web/green is idle, and does not run");
    diagnosis.expect(
        "fully-up",
        "ok",
        "web1-green is DOWN, as its gate is closed",
    );
    diagnosis.expect("parking", "ok", "web/green port 1001 is parked");
    // The points of the whole app are not repeated for each target.
    for check in ["held", "unfinished", "verify"] {
        let of_check = diagnosis.points.iter().filter(|point| point.check == check);
        assert_eq!(of_check.count(), 1, "{check}\n{}", diagnosis.text());
    }
}

#[test]
fn the_current_target_is_recorded_known_and_healthy() {
    let host = Host::start("doctor_current");
    let (blue, green) = (host.0.target(1, BLUE), host.0.target(1, GREEN));
    let namespace = &host.0.host(1).namespace;
    // Green runs, too, and blue dies.
    green.start(namespace, std::time::Duration::ZERO);
    let diagnosis = host.doctor();
    let point = diagnosis.expect(
        "ready-target",
        "warning",
        "web/green runs, although it is idle",
    );
    assert!(point.fix.starts_with("stop it: "), "{point:?}");
    blue.stop(namespace);
    let point = host
        .doctor()
        .expect("current-target", "error", "while web/green is healthy");
    assert_eq!(point.fix, "agent open web --to green");
    blue.start(namespace, std::time::Duration::ZERO);
    // Both run with closed gates, and nothing is recorded.
    host.sh("for i in iptables ip6tables; do $i -t nat -F HAPROXY-GATE; done");
    fs::remove_file(host.record()).expect("a record");
    let diagnosis = host.doctor();
    diagnosis.expect(
        "current-target",
        "error",
        "blue and green of web run and are healthy",
    );
    diagnosis.expect("gate", "unseen", "the current target is unknown");
    diagnosis.expect("parking", "unseen", "without a current target");
    for (record, says) in [
        (
            r#"{"current":"red","since_unix_s":1}"#,
            "the configuration has no target red, which is recorded as the current one",
        ),
        ("torn", "the current target of web is unknown"),
    ] {
        host.write_record(record);
        host.doctor().expect("current-target", "error", says);
    }
}

#[test]
fn an_idle_target_with_an_open_gate_or_a_wrong_rule_is_reported() {
    let host = Host::start("doctor_idle");
    let gate = "for i in iptables ip6tables; do $i -t nat -A HAPROXY-GATE -p tcp -m tcp --dport 2001 \
                -m comment --comment haproxy-gate:web:green:main -j REDIRECT --to-ports 1001; done";
    host.sh(gate);
    let point = host
        .doctor()
        .expect("gate", "error", "another target is current");
    assert_eq!(point.fix, "agent recover web");
    host.does(&["recover", "web"]);
    host.doctor().expect_ok("gate");
    let both = |rule: &str| {
        host.sh(&format!(
            "for i in iptables ip6tables; do $i -t nat {rule}; done"
        ));
    };
    both("-F HAPROXY-GATE-PARK");
    let point = host
        .doctor()
        .expect("parking", "warning", "port 1001 is not parked");
    assert_eq!(point.fix, "agent recover web");
    host.does(&["recover", "web"]);
    host.doctor().expect_ok("parking");
    let comment = "-m comment --comment haproxy-gate:web:red:park";
    both(&format!(
        "-A HAPROXY-GATE-PARK -p tcp -m tcp --dport 1002 {comment} -j DNAT --to-destination :1000"
    ));
    host.doctor()
        .expect("parking", "warning", "of a target that is gone");
    both("-A PREROUTING -p tcp -m tcp --dport 1000 -j REDIRECT --to-ports 1001");
    host.doctor()
        .expect("parking", "error", "redirects port 1000 to another target");
}

/// `verify` and the commands of targets are programs that root may run.
#[test]
fn commands_that_can_not_run_are_errors() {
    let host = Host::start("doctor_target_commands");
    let missing = || toml::Value::Array(vec!["/nowhere/program".into()]);
    let diagnosis = host.doctor_with(|settings| {
        settings
            .set("app.web.verify", missing())
            .set("app.web.target.green.run.start", missing())
    });
    diagnosis.expect("verify", "error", "/nowhere/program");
    let point = diagnosis.expect("target-run", "error", "web/green can't be started");
    assert!(point.found.contains("/nowhere/program"), "{point:?}");
    // One command for both stops both.
    let same = || toml::Value::Array(vec!["true".into()]);
    let diagnosis = host.doctor_with(|settings| {
        let settings = settings.set("app.web.target.blue.run.stop", same());
        settings.set("app.web.target.green.run.stop", same())
    });
    diagnosis.expect("target-run", "error", "would also stop blue");
}

#[test]
fn a_ready_target_is_ok_until_its_time_is_over() {
    let host = Host::start("doctor_ready");
    host.does(&["switch", "web", "--keep", "10m"]);
    let diagnosis = host.doctor();
    diagnosis.expect("ready-target", "ok", "web/blue is ready for");
    diagnosis.expect("current-target", "ok", "web/green is current");
    diagnosis.expect_only(&["others"]);
    for (until, says) in [("1", "its time is over"), ("null", "was left running")] {
        host.write_record(&format!(
            r#"{{"current":"green","since_unix_s":1,"ready":"blue","ready_until_unix_s":{until}}}"#
        ));
        let point = host.doctor().expect("ready-target", "warning", says);
        assert_eq!(point.fix, "agent switch web --finish");
    }
    host.0.target(1, BLUE).stop(&host.0.host(1).namespace);
    host.write_record(r#"{"current":"green","since_unix_s":1,"ready":"red"}"#);
    host.doctor()
        .expect("ready-target", "warning", "no longer has it");
}

/// HAProxy's lines of both targets, beside each other.
#[test]
fn the_lines_of_targets_fit_each_other() {
    let host = Host::start("doctor_target_lines");
    let file = host.0.site.dir.join("haproxy.cfg");
    let text = fs::read_to_string(&file).expect("a file");
    let line = |name: &str| {
        let mut lines = text.lines();
        lines
            .find(|line| line.contains(name))
            .expect("a line")
            .to_owned()
            + "\n"
    };
    let (green, twin) = (line("web1-green"), line("bkp1-blue"));
    let judged = |text: &str| {
        let copy = host.0.site.dir.join("copy.cfg");
        fs::write(&copy, text).expect("a copy");
        let agent = host.agent(|settings| settings);
        let copy = copy.display().to_string();
        Diagnosis::of(agent.words(&["doctor", "--json", "--haproxy-cfg", &copy]))
    };
    let early = text
        .replace(&twin, "")
        .replace(&green, &(twin.clone() + &green));
    judged(&early).expect("target-order", "error", "bkp1-blue");
    let none = text.replace(&green, &green.replace("cookie w1 ", ""));
    judged(&none).expect("target-cookie", "error", "web1-green has none");
    let classic = text.replace(&twin, &twin.replace("port 3000 ", ""));
    judged(&classic).expect("target-twin", "warning", "bkp1-blue");
    let without = text.replace(&green, "").replace(&line("bkp1-green"), "");
    judged(&without).expect("cfg-backend", "error", "web/green");
}
