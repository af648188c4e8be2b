//! The agent passes no command line through a shell.

use super::*;

/// Words that a shell would run, split, expand or end.
const WORDS: [&str; 9] = [
    "$(touch /run/pwned)",
    "`touch /run/pwned`",
    "; touch /run/pwned",
    "| touch /run/pwned",
    "&& touch /run/pwned",
    ">/run/pwned",
    "*",
    "a b\nc 'd' \"e\" \\",
    "",
];

#[test]
fn a_command_gets_its_words_unchanged() {
    if !inside("shell::a_command_gets_its_words_unchanged") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    // The script's name and the state directory have such characters, too.
    let program = "/run/$(touch pwned); x";
    let script = "#!/usr/bin/perl\nopen F, '>', shift; print F join \"\\0\", @ARGV;\n";
    std::fs::write(program, script).unwrap();
    sh("chmod 755 /run/*touch*");
    let argv =
        |seen: &str| serde_json::json!([[program, seen].as_slice(), &WORDS].concat()).to_string();
    let config = GOOD
        .replace("[\"touch\", \"/run/restarted\"]", &argv("/run/restart-saw"))
        .replace(
            "{ http = \"/healthz\" }",
            &format!("{{ command = {} }}", argv("/run/health-saw")),
        )
        .replace("/run/state", "/run/$(touch pwned)* state");
    for verb in ["open", "restart"] {
        let ended = agent(&config, &[verb]);
        assert_eq!(ended.exit, 0, "{}{}", ended.out, ended.err);
    }
    for seen in ["/run/restart-saw", "/run/health-saw"] {
        assert_eq!(
            std::fs::read_to_string(seen).unwrap(),
            WORDS.join("\0"),
            "{seen}"
        );
    }
    let unit = GOOD.replace(
        "command = [\"touch\", \"/run/restarted\"]",
        "systemd = \"$(touch /run/pwned); x\"",
    );
    assert_eq!(agent(&unit, &["restart"]).exit, 11);
    assert!(!std::path::Path::new("/run/pwned").exists());
    assert!(!std::path::Path::new("pwned").exists());
}

/// The `iptables` crate splits a call at spaces and quotes: an app's name has neither.
#[test]
fn an_app_name_that_a_shell_could_split_is_refused() {
    if !inside("shell::an_app_name_that_a_shell_could_split_is_refused") {
        return;
    }
    for name in WORDS
        .into_iter()
        .chain(["a b", "a'b", "a\"b", "a\tb", "../web", "a/b"])
    {
        let key = serde_json::json!(name).to_string();
        let config = GOOD.replace("[app.web]", &format!("[app.{key}]"));
        refused(
            &config,
            &["restart"],
            2,
            "an app's name is 1 to 64 letters, digits",
        );
    }
}
