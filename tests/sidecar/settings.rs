//! A sidecar that has older settings than the file.

use std::fs;

use nix::sys::signal::Signal;

use crate::kept_open;
use lab::sidecar::Sidecar;

fn reload(sidecar: &mut Sidecar) {
    sidecar.forget();
    sidecar.signal(Signal::SIGHUP);
    sidecar.wait_for_notification("READY=1");
}

/// No restart begins while the sidecar would move its gates back. `agent status` names the keys. What
/// an incident needs goes on, with a notice.
#[test]
fn a_restart_waits_until_the_sidecar_has_the_settings_of_the_file() {
    let (fleet, mut sidecar) = kept_open("sc_older");
    fleet.haproxy.wait_until_all_up();
    let config = fleet.host(1).dir.join("agent.toml");
    let good = fs::read_to_string(&config).unwrap();
    let agent = fleet.agent(1, |settings| settings);
    let change = |old: &str, new: &str| {
        assert!(good.contains(old), "{old} is not in\n{good}");
        fs::write(&config, good.replacen(old, new, 1)).unwrap();
    };
    let older = |keys: &[&str]| {
        let status = agent.words(&["status", "--json"]).json();
        let found = &status["older_settings"]["keys"];
        match keys {
            [] => assert_eq!(
                (&status["exit"], found),
                (&0.into(), &().into()),
                "{status}"
            ),
            keys => assert_eq!(
                (&status["exit"], found),
                (&1.into(), &keys.into()),
                "{status}"
            ),
        }
    };
    older(&[]);
    // Neither a comment nor the same value in other words is another setting.
    change("[agent]", "# a comment\n[agent]\npoll = \"30ms\"");
    older(&[]);
    agent.run("restart", "web").expect_exit(0);

    let rules = fleet.host(1).rules();
    change("[app.web]", "[app.web]\nsticky = \"1s\"");
    older(&["app.web.sticky"]);
    let text = agent.words(&["status"]).expect_exit(1).out;
    assert!(
        text.contains("sidecar: trouble: the sidecar (pid "),
        "{text}"
    );
    let says = "agent.toml: app.web.sticky differs; it may set gates by those, so `agent restart`, \
                `switch` and `maintenance` refuse: run `systemctl reload haproxy-gate`";
    agent.run("restart", "web").expect(11, says);
    assert_eq!(fleet.host(1).rules(), rules);
    for verb in ["close", "open", "recover"] {
        let ended = agent.words(&[verb, "web", "--json"]).expect_exit(0);
        let notices = ended.report().notices;
        assert!(notices.iter().any(|one| one.contains(says)), "{notices:?}");
    }
    assert_eq!(fleet.host(1).rules(), rules);
    let doctor = agent.words(&["doctor"]).out;
    assert!(doctor.contains("systemctl reload haproxy-gate"), "{doctor}");
    reload(&mut sidecar);
    older(&[]);
    agent.run("restart", "web").expect_exit(0);

    // A reload that the sidecar refuses is named with its reason.
    change("status_port = 2000", "status_port = 2001");
    reload(&mut sidecar);
    older(&["app.web.status_port", "app.web.sticky"]);
    let says = "its last reload kept them: app.web: ";
    agent.run("restart", "web").expect(11, says);
    assert_eq!(fleet.host(1).rules(), rules);

    // The operations of a unit go on, and so do all without a sidecar.
    change("[app.web]", "[app.web]\nsticky = \"2s\"");
    let owner = ["close", "web", "--owner", "web.service"];
    agent.words(&owner).expect_exit(0);
    agent
        .words(&["open", "web", "--owner", "web.service"])
        .expect_exit(0);
    assert_eq!(sidecar.stop().exit, 0);
    older(&[]);
    agent.run("restart", "web").expect_exit(0);
}
