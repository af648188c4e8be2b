//! `agent doctor --haproxy-cfg` with the file of the running HAProxy. HAProxy accepts each file,
//! each breaks restarts in one way, and no stats socket shows the fault.

use crate::setup::{Diagnosis, Point, Setup};
use lab::reference::Reference;
use lab::settings::Settings;

const MAIN: &str = "    server web1 10.77.0.11:1000 cookie w1 port 2000\n";
const TWIN: &str = "    server bkp1 10.77.0.11:1000 cookie w1 port 3000 backup\n";
const CHECKED: &str = "cookie w1 port 2000";
const DEFAULT: &str = "default-server check";

/// The check, its verdict, the text in the reference, and its replacement.
type Row = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const BROKEN: [Row; 27] = [
    ("cfg-persist", "error", "no option persist", "option persist"),
    ("cfg-force-persist", "warning", "    retries 3\n", "    retries 3\n    force-persist if { src 10.77.0.9 }\n"),
    ("cfg-redispatch", "error", "    option redispatch", "    no option redispatch"),
    ("cfg-retries", "warning", "    retries 3\n", "    retries 0\n"),
    ("cfg-http-reuse", "warning", "    retries 3\n", "    retries 3\n    http-reuse never\n"),
    ("cfg-allbackups", "warning", "    option allbackups\n", ""),
    ("cfg-timeout-check", "warning", "    timeout check 2s\n", ""),
    ("cfg-check-kind", "warning", "    option httpchk GET /healthz\n", ""),
    ("cfg-check-port", "error", "    option httpchk GET /healthz\n", "    option httpchk\n    http-check connect port 1000\n    http-check send meth GET uri /healthz\n"),
    ("cfg-cookie", "warning", "    cookie SRV insert indirect nocache httponly\n", ""),
    ("cfg-marked-down", "error", DEFAULT, "default-server on-marked-down shutdown-sessions check"),
    ("cfg-marked-up", "error", DEFAULT, "default-server on-marked-up shutdown-backup-sessions check"),
    ("cfg-slowstart", "error", DEFAULT, "default-server slowstart 60s check"),
    ("cfg-check-ssl", "error", CHECKED, "cookie w1 port 2000 ssl verify none"),
    ("cfg-check-send-proxy", "error", CHECKED, "cookie w1 port 2000 send-proxy"),
    ("cfg-check-sni", "warning", CHECKED, "cookie w1 port 2000 ssl verify none check-ssl sni str(a.example)"),
    ("cfg-check-alpn", "warning", CHECKED, "cookie w1 port 2000 ssl verify none check-ssl alpn h2,http/1.1"),
    ("fall", "warning", "fall 2", "fall 1"),
    ("checks", "error", "w1 port 3000 backup", "w1 port 3000 backup no-check"),
    ("check-port", "error", "cookie w1 port 2000", "cookie w1"),
    ("twin", "warning", TWIN, ""),
    ("backup", "error", "w1 port 3000 backup", "w1 port 3000"),
    ("same-cookie", "error", "bkp1 10.77.0.11:1000 cookie w1", "bkp1 10.77.0.11:1000 cookie w9"),
    ("twin-order", "error", MAIN, ""),
    ("cfg-rhythm", "warning", "inter 300ms", "inter 25s"),
    ("cfg-variable", "warning", "cookie w1 port 2000", "cookie \"${W1-w1}\" port 2000"),
    ("cfg-if", "warning", "    retries 3\n", "    retries 3\n.if defined(NEVER)\n    retries 4\n.endif\n"),
];

#[test]
fn each_setting_that_breaks_restarts_is_found() {
    let mut setup = Setup::start("doctor_cfg");
    for (check, verdict, old, new) in BROKEN {
        let broken = |reference: Reference| match check {
            "twin-order" => reference
                .with(MAIN, "")
                .with(TWIN, &format!("{TWIN}{MAIN}")),
            _ => reference.with(old, new),
        };
        setup.haproxy_is(broken);
        let diagnosis = judged(&setup);
        let point = diagnosis.expect(check, verdict, "");
        // One fault is one point, whether HAProxy or its file shows it.
        assert_eq!(wrong(&diagnosis), [check], "{}", diagnosis.text());
        // A fix that is a line of the backend works.
        if let Some(line) = point.fix.strip_prefix("in backend srvs: ") {
            let mains = "    # Main lines:";
            let fixed = format!("    {line}\n{mains}");
            setup.haproxy_is(|reference| broken(reference).with(mains, &fixed));
            assert!(!judged(&setup).is_wrong(check));
        }
    }
    setup.haproxy_is_up(|reference| reference);
    let diagnosis = judged(&setup);
    diagnosis.expect_only(&[]);
}

/// Files that the running HAProxy does not have yet.
#[test]
fn faults_of_the_next_configuration_are_found_in_its_file() {
    let setup = Setup::start("doctor_cfg_sticky");
    let text = std::fs::read_to_string(setup.site.dir.join("haproxy.cfg")).expect("HAProxy's file");
    let judged = |text: String, unset: &[&str]| {
        let file = setup.site.dir.join("other.cfg");
        std::fs::write(&file, text).expect("another file");
        let settings = |settings: Settings| unset.iter().fold(settings, |all, key| all.unset(key));
        let file = file.display().to_string();
        let words = ["doctor", "--json", "--haproxy-cfg", &file];
        Diagnosis::of(setup.with_settings(settings).words(&words))
    };
    let weightless = format!("{CHECKED} weight 0");
    let diagnosis = judged(text.replace(CHECKED, &weightless), &[]);
    diagnosis.expect("cfg-out", "warning", "weight 0: web1");
    let diagnosis = judged(text.replace("mode http\n", "mode tcp\n"), &[]);
    diagnosis.expect("cfg-mode", "warning", "HAProxy ignores it");
    let cookie = "    cookie SRV insert indirect nocache httponly\n";
    let table = "    stick-table type ip size 1k\n    stick on src\n";
    let sticky = text.replace(cookie, table).replace(" cookie w1", "");
    let classic = sticky.replace(" cookie w2", "").replace(" port 3000", "");
    let diagnosis = judged(classic, &["app.web.backup_status_port"]);
    diagnosis.expect("cfg-stick", "warning", "the twin keeps none of these users");
}

/// The file of another HAProxy, a file without our lines, and a missing file.
#[test]
fn a_file_that_does_not_run_is_found() {
    let setup = Setup::start("doctor_cfg_other");
    let file = setup.site.dir.join("haproxy.cfg");
    let other = setup.site.dir.join("other.cfg");
    let text = std::fs::read_to_string(&file).expect("HAProxy's file");
    let text = text.replace("srvs", "shop").replace(":1000", ":1009");
    let text = text.replace("port 2000", "port 2009");
    std::fs::write(&other, text.replace("port 3000", "port 3009")).expect("another");
    let with = |file: &std::path::Path| {
        let file = file.display().to_string();
        let agent = setup.with_settings(|settings| settings);
        Diagnosis::of(agent.words(&["doctor", "--json", "--haproxy-cfg", &file]))
    };
    let diagnosis = with(&other);
    diagnosis.expect(
        "cfg-backend",
        "error",
        "no server line of this host is in it for web: HAProxy has srvs/web1, srvs/bkp1",
    );
    let empty = setup.site.dir.join("empty.cfg");
    std::fs::write(&empty, "# nothing\n").expect("an empty file");
    let none = with(&empty);
    none.expect("haproxy-cfg", "error", "no server line of this host is in");
    assert_eq!(
        none.points
            .iter()
            .filter(|point| point.area == "file")
            .count(),
        1
    );
    // Only the file could show the cookies.
    diagnosis.expect("same-cookie", "unseen", "hidden at level user");
    // A file that was cut off in a line. HAProxy's own word has file and line.
    let cut = setup.site.dir.join("cut.cfg");
    let whole = std::fs::read_to_string(&file).expect("HAProxy's file");
    std::fs::write(&cut, whole.trim_end()).expect("a file that was cut off");
    let refused = with(&cut);
    let point = refused.expect("cfg-file", "error", " refuses it: [");
    let line = format!(
        "cut.cfg:{}]: Missing LF on last line",
        whole.lines().count()
    );
    assert!(point.found.contains(&line), "{}", point.found);
    // Several files, as HAProxy reads a directory.
    let parts = setup.site.dir.join("parts");
    std::fs::create_dir(&parts).expect("a directory");
    let (base, backend) = whole.split_at(whole.find("\nbackend srvs").expect("a backend") + 1);
    for (name, text) in [
        ("20.cfg", backend),
        ("10.cfg", base),
        ("30.cfg~", "no section\n"),
    ] {
        std::fs::write(parts.join(name), text).expect("a part");
    }
    with(&parts).expect_only(&[]);
    let diagnosis = with(&setup.site.dir.join("no.cfg"));
    let point = diagnosis.expect("haproxy-cfg", "error", "no.cfg can't be read: No such file");
    assert_eq!(point.fix, "correct the path");
    let diagnosis = with(&file);
    for check in ["cfg-backend", "haproxy-cfg", "same-cookie"] {
        diagnosis.expect_ok(check);
    }
}

/// The limits of the restart come from the app's configuration.
#[test]
fn checks_slower_than_the_limits_are_found() {
    let setup = Setup::start("doctor_cfg_slow");
    // Reference: inter 300 ms, fastinter 100 ms, downinter 150 ms, fall 2, rise 2.
    for (key, most, exit) in [("out_of_rotation", 400, 13), ("in_rotation", 250, 16)] {
        let with = |ms: u32| {
            judged_with(
                &setup,
                &format!("app.web.timeouts.{key}"),
                &format!("{ms}ms"),
            )
        };
        let says = format!(
            "timeouts.{key} is {} s, restarts end with {exit}",
            f64::from(most) / 1000.0
        );
        with(most).expect("cfg-rhythm", "error", &says);
        assert!(!with(most + 1).is_wrong("cfg-rhythm"));
    }
}

fn judged(setup: &Setup) -> Diagnosis {
    judged_with(setup, "", "")
}

/// Runs the doctor with the file of the running HAProxy.
fn judged_with(setup: &Setup, key: &str, value: &str) -> Diagnosis {
    let file = setup.site.dir.join("haproxy.cfg").display().to_string();
    let agent = setup.with_settings(|settings| match value {
        "" => settings,
        value => settings.set(key, value),
    });
    Diagnosis::of(agent.words(&["doctor", "--json", "--haproxy-cfg", &file]))
}

/// The checks that are wrong. A HAProxy that has just started has not proven its lines yet.
fn wrong(diagnosis: &Diagnosis) -> Vec<&str> {
    let remains = |point: &&Point| !["fully-up", "others"].contains(&point.check.as_str());
    let wrong = diagnosis.wrong().filter(remains);
    wrong.map(|point| point.check.as_str()).collect()
}
