//! The host: its configuration, rights, directories, limits and sidecar.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::setup::{Diagnosis, Setup};
use lab::sidecar::Sidecar;

#[test]
fn a_broken_configuration_is_the_only_point() {
    let setup = Setup::start("doctor_config");
    let agent = setup.with_settings(|settings| settings.set("app.web.health.htpp", "/"));
    let diagnosis = Diagnosis::of(agent.words(&["doctor", "--json"]));
    let point = diagnosis.expect("config", "error", "htpp is not known: did you mean `http`?");
    assert_eq!((diagnosis.exit, diagnosis.points.len()), (1, 1));
    assert!(point.found.contains("agent.toml:"), "{point:?}");
    let config = setup.host().dir.join("agent.toml");
    let agent = setup.with_settings(|settings| settings);
    fs::set_permissions(&config, Permissions::from_mode(0o666)).unwrap();
    let diagnosis = Diagnosis::of(agent.words(&["doctor", "--json"]));
    let point = diagnosis.expect("config", "error", "is writable by users other than root");
    setup.sh(&point.fix);
    Diagnosis::of(agent.words(&["doctor", "--json"])).expect_ok("config");
    agent.words(&["doctor", "wbe"]).expect_exit(2);
}

#[test]
fn without_its_rights_the_agent_sees_no_rules() {
    let setup = Setup::start("doctor_rights");
    let another_user = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ];
    let diagnosis = setup.doctor_by(&another_user);
    let point = diagnosis.expect("rights", "error", "not root");
    let again = "sudo agent doctor --json --config /";
    assert!(point.fix.starts_with(again), "{}", point.fix);
    // The fault is that it is not root; nothing else is wrong with the host.
    diagnosis.expect("state-dir", "unseen", "unknown: needs root");
    diagnosis.expect("history-dir", "unseen", "unknown: needs root");
    diagnosis.expect("fully-up", "ok", "srvs/web1");
    let bounded = ["setpriv", "--bounding-set=-net_admin"];
    let diagnosis = setup.doctor_by(&bounded);
    let point = diagnosis.expect("rights", "error", "without CAP_NET_ADMIN");
    assert!(point.fix.contains("--cap-add NET_ADMIN"), "{point:?}");
    setup.doctor().expect_ok("rights");
}

#[test]
fn unsafe_or_missing_directories_and_few_files_are_found() {
    let setup = Setup::start("doctor_state");
    let state = setup.host().dir.join("state");
    fs::set_permissions(&state, Permissions::from_mode(0o777)).unwrap();
    let point = setup
        .doctor()
        .expect("state-dir", "error", "is writable by users other than root");
    setup.sh(&point.fix);
    setup.doctor().expect_ok("state-dir");
    let file = setup.host().dir.join("file");
    fs::write(&file, "").unwrap();
    let in_the_way = file.display().to_string();
    let diagnosis =
        setup.doctor_with(|settings| settings.set("agent.hold_dir", in_the_way.as_str()));
    let point = diagnosis.expect("state-dir", "error", "not a directory");
    assert_eq!(point.fix, "fix [agent] hold_dir");
    let diagnosis =
        setup.doctor_with(|settings| settings.set("agent.history_dir", in_the_way.as_str()));
    let point = diagnosis.expect("history-dir", "warning", "not a directory");
    assert_eq!(point.fix, "fix [agent] history_dir");
    diagnosis.expect_only(&["history-dir"]);
    setup.doctor().expect_ok("history-dir");
    let few = setup.doctor_by(&["prlimit", "--nofile=22"]);
    let point = few.expect("open-files", "error", "22 open files are allowed");
    assert!(point.fix.ends_with(": ulimit -n 1024"), "{point:?}");
    setup.doctor().expect_ok("open-files");
}

#[test]
fn a_full_disk_is_an_error() {
    let setup = Setup::start("doctor_disk");
    let disk = setup.host().dir.join("disk").display().to_string();
    let agent = setup.with_settings(|settings| settings.set("agent.state_dir", disk.as_str()));
    let mut command = agent.command(&["doctor", "--json"]);
    let words: Vec<_> = command.get_args().map(|word| word.to_owned()).collect();
    let full = format!(
        "mkdir -p {disk} && mount -t tmpfs -o size=8k,mode=755 none {disk} && \
         (head -c 1M /dev/zero >{disk}/ballast || true) 2>/dev/null && exec \"$0\" \"$@\""
    );
    command = std::process::Command::new("unshare");
    command.args([
        "--mount",
        "--propagation",
        "private",
        "--",
        "sh",
        "-ec",
        &full,
        "setpriv",
    ]);
    command.args(words);
    let diagnosis = Diagnosis::of(lab::agent::Running::start("agent", &mut command).wait());
    let point = diagnosis.expect("state-dir", "error", "no storage space");
    assert!(point.fix.starts_with("free space"), "{point:?}");
    Diagnosis::of(agent.words(&["doctor", "--json"])).expect_ok("state-dir");
}

#[test]
fn a_missing_sidecar_is_a_warning() {
    let setup = Setup::start("doctor_sidecar");
    let point = setup.doctor().expect("sidecar", "warning", "not running");
    assert_eq!(point.fix, "systemctl enable --now haproxy-gate");
    let sidecar = Sidecar::start(setup.host(), setup.with_settings(|settings| settings));
    setup
        .doctor()
        .expect("sidecar", "ok", &sidecar.pid().to_string());
}
