//! Another user than root asks: what only root sees is unknown, and no fault.

use super::*;
use nix::sys::signal::Signal;

fn another_user(arguments: &[&str]) -> Ended {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    command.arg(env!("CARGO_BIN_EXE_agent")).args(arguments);
    command.args(["--config", "/run/agent.toml"]);
    Running::start("agent", &mut command).wait()
}

#[test]
fn another_user_reads_unknown_where_only_root_sees() {
    if !inside("other_users::another_user_reads_unknown_where_only_root_sees") {
        return;
    }
    // The program's own folder may be root's alone.
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    sh("chmod 755 /run; chmod 600 /run/lb.sock");
    let text = another_user(&["status"]).expect_exit(1).out;
    for known in [
        "web: main gate 2000 -> 1000 is unknown: needs root",
        "web: twin gate 3000 -> 1000 is unknown: needs root",
        "    unknown: needs root, or the group of the socket (can't connect: Permission denied",
        "web: the app at 127.0.0.1:1000 is healthy",
        "under way: unknown: needs root",
        "sidecar: unknown: needs root",
    ] {
        assert!(text.contains(known), "wanted {known:?} in {text}");
    }
    assert!(
        !text.contains("trouble") && !text.contains("broken"),
        "{text}"
    );
    // The sidecar's reservation of the status ports is no threat of an unknown process.
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.args(["run", "--config", "/run/agent.toml"]);
    let sidecar = Running::start("agent", &mut command);
    sandbox::reserved();
    let text = another_user(&["status"]).expect_exit(1).out;
    assert!(!text.contains("trouble"), "{text}");
    sidecar.interrupt(Signal::SIGTERM);
    sidecar.wait();
    let answer = another_user(&["status", "--json"]).json();
    assert_eq!(
        answer["apps"][0]["gates"][0]["position"], "unknown",
        "{answer}"
    );
    assert_eq!(answer["needs_root"][1], "sidecar", "{answer}");

    let text = another_user(&["doctor", "--all"]).expect_exit(1).out;
    let errors = text.lines().filter(|line| line.starts_with("error"));
    assert_eq!(errors.count(), 1, "{text}");
    for point in [
        "error    host  rights: not root",
        "unseen   host  sidecar: unknown",
    ] {
        assert!(text.contains(point), "wanted {point:?} in {text}");
    }
    let unknown = text.matches("needs root").count();
    assert!(unknown >= 8, "{unknown}: {text}");

    sh("chmod 700 /run/state; chmod 600 /run/agent.toml");
    for verb in ["status", "doctor", "restart"] {
        let ended = another_user(&[verb]);
        let said = format!("{}{}", ended.out, ended.err);
        assert!(
            said.contains("/run/agent.toml: unknown: needs root"),
            "{said}"
        );
        assert!(said.contains("sudo"), "{said}");
    }
    sh("chmod 644 /run/agent.toml");
    let text = another_user(&["status"]).expect_exit(1).out;
    let hold = "whether a hold keeps the gates closed is unknown: needs root";
    assert!(
        text.contains(hold) && !text.contains("can't be read"),
        "{text}"
    );
}
