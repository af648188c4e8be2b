//! A correct set-up: every point is ok, and the doctor changes nothing.

use std::fs;
use std::path::Path;
use std::time::Duration;

use haproxy_gate::state::{StateFile, directory};

use crate::setup::{Diagnosis, Setup};
use lab::one_machine::OneMachine;
use lab::sidecar::Sidecar;

#[test]
fn a_correct_set_up_is_ok_and_remains_unchanged() {
    let setup = Setup::start("doctor_sound");
    let agent = || setup.with_settings(|settings| settings.master(setup.haproxy().master()));
    let mut sidecar = Sidecar::start(setup.host(), agent());
    let agent = agent();
    let file = setup.site.dir.join("haproxy.cfg").display().to_string();
    // Before the first close no check has met a closed gate.
    for verb in ["close", "open"] {
        agent.words(&[verb, "web"]).expect_exit(0);
    }
    let (rules, state) = (
        setup.rules(),
        kept(setup.host().dir.join("state").as_path()),
    );
    let diagnosis = Diagnosis::of(agent.words(&["doctor", "--json", "--haproxy-cfg", &file]));
    let wrong: Vec<_> = diagnosis
        .points
        .iter()
        .filter(|point| point.verdict != "ok")
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for check in CHECKS {
        diagnosis.expect_ok(check);
    }
    let text = agent
        .words(&["doctor", "--haproxy-cfg", &file])
        .expect_exit(0);
    assert_eq!(setup.rules(), rules);
    let after = kept(setup.host().dir.join("state").as_path());
    let changed = |of: &[(String, String)], other: &[(String, String)]| -> Vec<(String, String)> {
        let of = of.iter().filter(|file| !other.contains(file));
        of.cloned().collect()
    };
    let (gone, new) = (changed(&state, &after), changed(&after, &state));
    assert!(
        gone.is_empty() && new.is_empty(),
        "was {gone:#?}, is {new:#?}"
    );
    assert!(sidecar.is_running() && setup.host().gates_are_open() == [true; 2]);
    let wide: Vec<&str> = text.out.lines().filter(|line| line.len() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}");
    let lines: Vec<&str> = text.out.lines().collect();
    assert!(lines.len() <= 12, "{}", text.out);
    for (area, line) in ["host", "gates", "app", "balancers", "lines", "file"]
        .iter()
        .zip(lines.iter().filter(|line| !line.starts_with(' ')))
    {
        assert!(line.starts_with(area), "{}", text.out);
    }
    let counts = format!("{} points: {0} ok", diagnosis.points.len());
    assert!(
        text.out
            .ends_with(&format!("{counts} (--all prints each)\n")),
        "{}",
        text.out
    );
    let all = agent
        .words(&["doctor", "--all", "--haproxy-cfg", &file])
        .expect_exit(0);
    let each = "ok       web   status port 2000: nothing listens there\n";
    assert!(
        all.out.contains(each) && all.out.ends_with(&format!("{counts}\n")),
        "{}",
        all.out
    );
    println!("{}\n{}", text.out, all.out);
}

/// HAProxy and two apps on one machine, all on loopback: the first example of the pattern.
#[test]
fn two_apps_on_one_machine_are_ok() {
    let machine = OneMachine::start("doctor_machine", Duration::from_millis(100));
    let (agent, haproxy) = (machine.agent(), &machine.haproxy);
    agent.words(&["recover"]).expect_exit(0);
    haproxy.wait_until_all_up();
    let file = machine.site.dir.join("haproxy.cfg").display().to_string();
    let diagnosis = Diagnosis::of(agent.words(&["doctor", "--json", "--haproxy-cfg", &file]));
    diagnosis.expect_only(&[]);
    // Both apps share one balancer, one file and one layout: the doctor reports nothing twice.
    for (at, point) in diagnosis.points.iter().enumerate() {
        let same = |other: &&crate::setup::Point| {
            (&other.check, &other.of, &other.found) == (&point.check, &point.of, &point.found)
        };
        assert!(
            !diagnosis.points[at + 1..].iter().any(|other| same(&other)),
            "{point:?}"
        );
    }
    let answers = diagnosis
        .points
        .iter()
        .filter(|point| point.check == "balancer");
    assert_eq!(answers.count(), 1, "{}", diagnosis.text());
    let one = Diagnosis::of(agent.words(&["doctor", "two", "--json"]));
    assert!(
        one.points.iter().all(|point| point.of != "one"),
        "{}",
        one.text()
    );
}

/// On a host without any operation the doctor creates no files.
#[test]
fn the_doctor_makes_no_directory_and_takes_no_lock() {
    let setup = Setup::start("doctor_fresh");
    let fresh = setup.host().dir.join("fresh");
    let state = fresh.display().to_string();
    let diagnosis = setup.doctor_with(|settings| settings.set("agent.state_dir", state.as_str()));
    diagnosis.expect_only(&[]);
    diagnosis.expect("haproxy-cfg", "unseen", "was not given");
    diagnosis.expect("detection", "unseen", "no gate was closed yet");
    assert!(!fresh.exists());
}

const CHECKS: [&str; 38] = [
    "config",
    "rights",
    "state-dir",
    "open-files",
    "sidecar",
    "iptables",
    "mixed-tables",
    "gate",
    "foreign-rule",
    "status-port",
    "unfinished",
    "held",
    "firewall",
    "app-address",
    "app-health",
    "app-restart",
    "balancer",
    "haproxy-version",
    "socket-level",
    "lines",
    "twin",
    "same-address",
    "same-port",
    "twin-order",
    "backup",
    "checks",
    "fully-up",
    "slow-start",
    "fall",
    "others",
    "detection",
    "haproxy-cfg",
    "history-dir",
    "same-cookie",
    "master-socket",
    "cfg-file",
    "cfg-backend",
    "check-port",
];

/// The name and text of every file. The sidecar writes the counters and names itself in the lock for
/// a moment, so only the names of these two count.
fn kept(state: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(state).expect("a state directory").flatten();
    let counters = StateFile::Counters.path(state, "web");
    let of_the_sidecar = [counters, directory::app_lock(state, "web")];
    let text = |path: &Path| match of_the_sidecar.iter().any(|file| file == path) {
        true => String::new(),
        false => fs::read_to_string(path).expect("a file"),
    };
    let mut kept: Vec<_> = entries
        .map(|entry| (entry.file_name().display().to_string(), text(&entry.path())))
        .collect();
    kept.sort();
    kept
}
