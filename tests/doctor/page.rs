//! The page of an app, and its marker, behind a real HAProxy. Another server than `agent page` answers
//! for the page.

use std::fs;
use std::time::Duration;

use lab::agent::Agent;
use lab::app::App;
use lab::fleet::{Fleet, Layout, NUMBERS};
use lab::reference::Reference;
use lab::release::Release;
use lab::settings::Settings;
use lab::targets::{Farm, Lines};

use crate::setup::Diagnosis;

const LAST: &str = "    server bkp3 10.77.0.13:1000 cookie w3 port 3000 backup\n";
const KEEP: &str = "    http-after-response del-header Set-Cookie if { status 503 } { res.hdr(retry-after) -m found }\n";
const RULE: &str =
    "    http-request deny if !{ method GET HEAD OPTIONS } { nbsrv(readonly) ge 1 }\n";
const MARKER: &str = "\nbackend readonly\n    server ro1 10.77.0.11:2010 check\n";

struct Paged {
    page: App,
    fleet: Fleet,
}

impl Paged {
    /// With these words on the line of the page.
    fn open(test: &str, words: &str) -> Paged {
        let line = format!("    server page1 10.77.0.11:1009 port 2009 {words}\n");
        let all = format!("{LAST}{line}{KEEP}{MARKER}");
        let fleet = Fleet::with(test, Layout::TwoStage, |reference: Reference| {
            reference.with(LAST, &all)
        });
        let host = fleet.host(1);
        let quick = Duration::from_millis(10);
        let page = App::start(&host.namespace, &host.dir, "web1-page", "[::]:1009", quick);
        page.wait_until_warm();
        // The line of the page stays DOWN.
        for number in NUMBERS {
            let agent = fleet.agent(number, |settings| settings);
            agent.run("open", "web").expect_exit(0);
        }
        Paged { page, fleet }
    }

    fn agent(&self) -> Agent<'_> {
        self.fleet.agent(1, |settings: Settings| {
            settings
                .set("app.web.page.port", 1009)
                .set("app.web.page.status_port", 2009)
                .set("app.web.readonly.status_port", 2010)
        })
    }

    fn doctor(&self) -> Diagnosis {
        Diagnosis::of(self.agent().words(&["doctor", "--json"]))
    }

    /// With a changed copy of HAProxy's file.
    fn judged(&self, change: impl Fn(String) -> String) -> Diagnosis {
        let dir = &self.fleet.site.dir;
        let text = fs::read_to_string(dir.join("haproxy.cfg")).expect("HAProxy's file");
        let copy = dir.join("copy.cfg");
        fs::write(&copy, change(text)).expect("a copy");
        let copy = copy.display().to_string();
        Diagnosis::of(
            self.agent()
                .words(&["doctor", "--json", "--haproxy-cfg", &copy]),
        )
    }

    fn status(&self) -> (i32, serde_json::Value, String) {
        let data = self.agent().words(&["status", "--json"]);
        let text = self.agent().words(&["status"]).out;
        (data.exit, data.json()["apps"][0].clone(), text)
    }
}

/// `agent maintenance on` on this host alone: HAProxy uses the page once every host has closed.
#[test]
fn a_page_is_seen_at_rest_and_in_maintenance() {
    let mut paged = Paged::open("doctor_page", "backup");
    let diagnosis = paged.doctor();
    for check in [
        "page-gate",
        "page",
        "page-line",
        "page-backup",
        "readonly-line",
    ] {
        diagnosis.expect_ok(check);
    }
    diagnosis.expect_only(&[]);
    let (exit, app, text) = paged.status();
    assert_eq!(exit, 0, "{text}");
    assert_eq!(
        (&app["page"]["maintenance"], &app["page"]["answers"]),
        (&false.into(), &serde_json::Value::Null)
    );
    assert!(!text.contains("maintenance"), "{text}");

    // Another process opens its gate, and the page ends.
    let open = "for i in iptables ip6tables; do $i -t nat -A HAPROXY-GATE -p tcp -m tcp --dport 2009 \
                -m comment --comment haproxy-gate:web:page:main -j REDIRECT --to-ports 1009; done";
    let host = paged.fleet.host(1);
    host.namespace.run("sh", &["-ec", open]);
    paged
        .doctor()
        .expect("page-gate", "error", "although maintenance is off");
    let (exit, _, text) = paged.status();
    assert_eq!(exit, 1, "{text}");
    assert!(
        text.contains("gate 2009 is open, although maintenance is off"),
        "{text}"
    );
    paged.agent().run("recover", "web").expect_exit(0);
    paged.doctor().expect_ok("page-gate");

    paged
        .agent()
        .words(&["maintenance", "on", "--reason", "a move"])
        .expect_exit(0);
    let diagnosis = paged.doctor();
    diagnosis.expect_only(&["held", "others"]);
    let held = diagnosis.expect("held", "warning", "maintenance is on");
    assert_eq!(held.fix, "agent maintenance off web");
    let (exit, app, text) = paged.status();
    assert_eq!(exit, 0, "{text}");
    let says = "web: maintenance is on: users meet the page. It answers, its gate is open, UP on 1 of 1 balancer; by ";
    assert!(
        text.contains(says) && !text.contains("held closed by"),
        "{text}"
    );
    let page = &app["page"];
    assert_eq!(
        (&page["answers"], &page["up_on"], &page["parked"]),
        (&true.into(), &1.into(), &true.into())
    );

    let close = open.replace(" -A ", " -D ");
    host.namespace.run("sh", &["-ec", &close]);
    paged
        .doctor()
        .expect("page-gate", "error", "although maintenance is on");
    let (exit, _, text) = paged.status();
    assert_eq!(exit, 1, "{text}");
    assert!(
        text.contains("`agent maintenance on web` opens it"),
        "{text}"
    );
    paged.agent().words(&["maintenance", "on"]).expect_exit(0);
    paged.page.daemon.process.stop();
    let (exit, _, text) = paged.status();
    assert_eq!(exit, 1, "{text}");
    assert!(
        text.contains("does not answer")
            && text.contains("start the server that listens on port 1009"),
        "{text}"
    );
    paged.doctor().expect("page", "error", "maintenance is on");
    paged.agent().words(&["maintenance", "off"]).expect_exit(0);
    paged.doctor().expect("page", "warning", "does not answer");
}

#[test]
fn lines_and_rules_that_do_not_fit_the_page_or_the_marker_are_found() {
    let paged = Paged::open("doctor_page_lines", "");
    let point = paged.doctor().expect("page-backup", "error", "srvs/page1");
    assert_eq!(point.fix, "add `backup` to the line of srvs/page1");
    let nowhere = paged.fleet.agent(1, |settings: Settings| {
        settings
            .set("app.web.page.port", 1008)
            .set("app.web.page.status_port", 2008)
            .set("app.web.page.file", "/nowhere.html")
            .set("app.web.health.http", "/")
            .set("app.web.readonly.status_port", 2011)
    });
    let diagnosis = Diagnosis::of(nowhere.words(&["doctor", "--json"]));
    let point = diagnosis.expect("page-line", "warning", "srvs has no line for the page");
    let line = "`server web1-page 10.77.0.11:1008 check port 2008 backup`";
    assert!(point.fix.contains(line), "{point:?}");
    let point = diagnosis.expect("readonly-line", "warning", "for the marker (port 2011)");
    assert!(
        point.fix.ends_with(": server NAME 10.77.0.11:2011"),
        "{point:?}"
    );
    let point = diagnosis.expect("page-file", "warning", "there is no file /nowhere.html");
    assert!(
        point.fix.ends_with("maintenance.html /nowhere.html"),
        "{point:?}"
    );
    let point = diagnosis.expect(
        "page-status",
        "warning",
        "users get the page there with 200",
    );
    assert!(point.fix.starts_with("name another path"), "{point:?}");
    let planned = nowhere.words(&["run", "--dry-run"]).expect_exit(0).out;
    assert!(
        planned.contains("warning: web: page: /nowhere.html: no such file"),
        "{planned}"
    );
    let point = diagnosis.expect("page", "warning", "does not answer");
    assert_eq!(point.fix, "systemctl start haproxy-gate-page@web");

    let marked = |text: String| text.replace("port 2009", "port 2009 backup");
    let ruled = |text: String| marked(text).replacen("    bind", &format!("{RULE}    bind"), 1);
    let sound = paged.judged(ruled);
    for check in ["page-cookie", "cfg-page-cookies", "readonly-rule"] {
        sound.expect_ok(check);
    }
    paged
        .judged(|text| ruled(text).replace("1009 port", "1009 cookie w1 port"))
        .expect("page-cookie", "error", "page1");
    paged.judged(|text| ruled(text).replace(KEEP, "")).expect(
        "cfg-page-cookies",
        "warning",
        "no rule keeps",
    );
    paged
        .judged(marked)
        .expect("readonly-rule", "error", "readonly no rule");
    let beside = "\nfrontend beside\n    mode http\n    bind :81\n    default_backend srvs\n";
    paged.judged(|text| ruled(text) + beside).expect(
        "readonly-rule",
        "error",
        "not every frontend that sends users to srvs",
    );

    // What the running HAProxy has is missing after the next reload.
    for (missing, check, says) in [
        (
            "page1",
            "page-line",
            "HAProxy has srvs/page1, and this file has not",
        ),
        (
            "ro1",
            "readonly-line",
            "HAProxy has readonly/ro1, and this file has not",
        ),
    ] {
        let without = paged.judged(|text| {
            let lines = text.lines().filter(|line| !line.contains(missing));
            lines.fold(String::new(), |text, line| text + line + "\n")
        });
        without.expect(check, "warning", says);
        without.expect(check, "ok", "is DOWN");
    }
}

/// In maintenance both targets are idle, and parked on the page.
#[test]
fn targets_are_parked_on_the_page() {
    let last = "    server bkp1-green 10.77.0.11:1001 cookie w1 port 3001 backup\n";
    let line = "    server page1 10.77.0.11:1009 port 2009 backup\n";
    let with_page = |reference: Reference| reference.with(last, &format!("{last}{line}"));
    let lines = Lines::with_twins();
    let farm = Farm::with(
        Release::Installed,
        "doctor_page_targets",
        1,
        lines,
        with_page,
    );
    let host = farm.host(1);
    let quick = Duration::from_millis(10);
    let page = App::start(&host.namespace, &host.dir, "web1-page", "[::]:1009", quick);
    page.wait_until_warm();
    let agent = farm.agent(1, |settings| {
        settings
            .set("app.web.min_available", 0)
            .set("app.web.page.port", 1009)
            .set("app.web.page.status_port", 2009)
    });
    agent.words(&["open", "web", "--to", "blue"]).expect_exit(0);
    agent.words(&["maintenance", "on"]).expect_exit(0);
    let status = agent.words(&["status"]).expect_exit(0).out;
    assert!(
        status.contains("web/green: stopped, parked on page"),
        "{status}"
    );
    let diagnosis = Diagnosis::of(agent.words(&["doctor", "--json"]));
    diagnosis.expect_ok("parking");
    diagnosis.expect_ok("page-gate");
    diagnosis.expect_only(&["held", "others"]);
    // A second recover leaves the page's gate and the parked ports as they are.
    agent.run("recover", "web").expect_exit(0);
    agent.words(&["status"]).expect_exit(0);
    agent.words(&["maintenance", "off"]).expect_exit(0);
    let status = agent.words(&["status"]).expect_exit(0).out;
    assert!(
        status.contains("web/green: stopped, parked on blue"),
        "{status}"
    );
}
