//! The agent neither reads nor runs files that other users may write.

use super::*;

/// A user other than root.
const OTHER: u32 = 4321;

#[test]
fn a_configuration_of_another_user_is_refused() {
    if !inside("permissions::a_configuration_of_another_user_is_refused") {
        return;
    }
    sh("mkdir /run/others && ln -s /run/others/agent.toml /run/link.toml");
    std::fs::write("/run/others/agent.toml", GOOD).unwrap();
    let file = "/run/others/agent.toml";
    for (spoil, fix, path) in [
        (
            format!("chown {OTHER} {file}"),
            format!("chown root:root {file}"),
            file,
        ),
        (
            format!("chmod o+w {file}"),
            format!("chmod go-w {file}"),
            file,
        ),
        (
            format!("chown {OTHER} /run/others"),
            "chown root:root /run/others".to_owned(),
            file,
        ),
        (
            "chmod 777 /run/others".to_owned(),
            "chmod go-w /run/others".to_owned(),
            file,
        ),
        (
            "chmod 777 /run/others".to_owned(),
            "chmod go-w /run/others".to_owned(),
            "/run/link.toml",
        ),
        (
            format!("chgrp 7 {file}; chmod g+w {file}"),
            format!("chmod go-w {file}"),
            file,
        ),
    ] {
        sh(&spoil);
        let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
        let ended = command
            .args(["restart", "web", "--config", path])
            .output()
            .unwrap();
        let err = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(
            (ended.status.code(), err.lines().count()),
            (Some(2), 1),
            "{err}"
        );
        assert!(
            err.starts_with(&format!("agent: {path}: /run/others")),
            "{err}"
        );
        assert!(err.ends_with(&format!("fix: {fix}\n")), "{err}");
        sh(&format!(
            "chown root:root /run/others {file}; chmod 755 /run/others; chmod 644 {file}"
        ));
    }
    assert!(!std::path::Path::new("/run/state").exists());
}

#[test]
fn a_state_directory_of_another_user_is_refused() {
    if !inside("permissions::a_state_directory_of_another_user_is_refused") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    let forged = "{\"pid\":1,\"verb\":\"restart\",\"app\":\"web\",\"since\":1,\"phase\":\"close\",\
                  \"found_open\":[false,false],\"instance\":null}";
    for spoil in ["/run/state", "/run/state/lock", "/run/state/web.json"] {
        std::fs::write("/run/state/web.json", forged).unwrap();
        sh(&format!("chown {OTHER} {spoil}"));
        // Another user's directory stays his own.
        let fix = match spoil {
            "/run/state" => "state_dir = \"/run/haproxy-gate\"".to_owned(),
            file => format!("chown root:root {file}"),
        };
        for arguments in [
            ["restart", "web"].as_slice(),
            &["open"],
            &["close", "--dry-run"],
        ] {
            refused(
                GOOD,
                arguments,
                11,
                &format!("{spoil} belongs to uid {OTHER}, not to root; fix: {fix}"),
            );
        }
        let status = agent(GOOD, &["status"]);
        assert_eq!(status.exit, 1, "{}", status.out);
        assert!(
            status
                .out
                .contains(&format!("trouble: {spoil} belongs to uid")),
            "{}",
            status.out
        );
        let believed = status.out.contains("an earlier restart (pid 1)");
        assert_eq!(believed, spoil.ends_with("lock"), "{}", status.out);
        sh(&format!("chown root {spoil}; rm -f /run/state/web.json"));
    }
    // The agent does not create a directory that another user could create first.
    sh("mkdir -m 777 /run/open");
    let below = GOOD.replace("/run/state", "/run/open/state");
    refused(
        &below,
        &["restart", "web"],
        11,
        "/run/open is writable by users other than root (mode 0777); fix: chmod go-w /run/open",
    );
    assert!(!std::path::Path::new("/run/open/state").exists());
    // With any umask.
    let program = env!("CARGO_BIN_EXE_agent");
    let fresh = GOOD.replace("/run/state", "/run/new/state");
    std::fs::write("/run/agent.toml", &fresh).unwrap();
    for _ in 0..2 {
        sh(&format!(
            "umask 0; {program} close --config /run/agent.toml"
        ));
        sh(&format!("umask 0; {program} open --config /run/agent.toml"));
    }
}

#[test]
fn programs_and_pidfiles_of_another_user_are_refused() {
    if !inside("permissions::programs_and_pidfiles_of_another_user_are_refused") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    sh(
        "mkdir /run/bin && printf '#!/bin/sh\\ntouch /run/restarted\\n' >/run/bin/tool && chmod 755 /run/bin/tool",
    );
    let run = "command = [\"touch\", \"/run/restarted\"]";
    let tool = GOOD.replace(run, "command = [\"/run/bin/tool\"]");
    let asked = GOOD.replace(
        "{ http = \"/healthz\" }",
        "{ command = [\"/run/bin/tool\"] }",
    );
    let upgrade = GOOD.replace("restart =", "upgrade = [\"/run/bin/tool\"]\nrestart =");
    let signal = GOOD.replace(run, "signal = \"SIGUSR1\", pidfile = \"/run/bin/pid\"");
    let mut app = Running::start("app", Command::new("sleep").arg("600"));
    std::fs::write("/run/bin/pid", app.pid().to_string()).unwrap();
    for spoil in ["/run/bin", "/run/bin/tool", "/run/bin/pid"] {
        sh(&format!("chown {OTHER} {spoil}"));
        let says =
            format!("{spoil} belongs to uid {OTHER}, not to root; fix: chown root:root {spoil}");
        if spoil != "/run/bin/pid" {
            refused(
                &tool,
                &["restart"],
                11,
                &format!("cannot run /run/bin/tool: {says}"),
            );
            refused(&asked, &["restart"], 11, &says);
            refused(
                &upgrade,
                &["restart"],
                11,
                &format!("cannot run /run/bin/tool: {says}"),
            );
        }
        if spoil != "/run/bin/tool" {
            refused(
                &signal,
                &["restart"],
                11,
                &format!("pidfile /run/bin/pid: {says}"),
            );
        }
        sh(&format!("chown root {spoil}"));
    }
    assert!(app.is_running(), "the app got a signal");
    // A folder in PATH in which another user has put a program of the same name.
    sh("mkdir -m 777 /run/early && ln -s /bin/false /run/early/touch");
    std::fs::write("/run/agent.toml", GOOD).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    let path = format!("/run/early:{}", std::env::var("PATH").unwrap());
    let ended = command
        .args(["restart", "--config", "/run/agent.toml"])
        .env("PATH", path)
        .output()
        .unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(11), "{err}");
    assert!(
        err.contains("cannot run touch: /run/early is writable by users other than root"),
        "{err}"
    );
}
