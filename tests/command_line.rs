//! Help texts, shell completions, and options that a verb refuses.

#[path = "../scripts/config_page.rs"]
mod config_page;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn agent(words: &[&str]) -> Output {
    let mut agent = Command::new(env!("CARGO_BIN_EXE_agent"));
    // None of these needs a configuration.
    agent.env("AGENT_CONFIG", "/nowhere").env("COLUMNS", "80");
    agent.args(words).output().expect("the agent")
}

fn said(words: &[&str]) -> String {
    let output = agent(words);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn verbs() -> Vec<String> {
    let command = haproxy_gate::cli::command();
    let verbs = command.get_subcommands();
    verbs.map(|verb| verb.get_name().to_owned()).collect()
}

#[test]
fn every_verb_has_an_example_in_80_columns() {
    for verb in verbs() {
        let help = said(&[&verb, "--help"]);
        let (_, examples) = help.split_once("\nExample").expect("an example");
        let call = format!("\n  agent {verb}");
        assert!(examples.contains(&call), "{verb}: {examples}");
        let wide = help.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{verb}");
    }
}

/// Uses a real bash, which asks the real program, by both of its names.
#[test]
fn bash_completes_verbs_options_and_apps() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["agent", "haproxy-gate"] {
        let link = folder.path().join(name);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_agent"), link).expect("a link");
    }
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let script = file("script", &said(&["completions", "bash"]));
    // Also with a mistake in it.
    let targets = "[app.web.target.blue]\n[app.web.target.green]\n";
    let config = "[app.web]\nprot = 1000\n[app.api]\n".to_owned() + targets;
    let config = file("agent.toml", &config);
    let other = file("other.toml", "[app.db]\n");
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let complete = |words: &[&str]| {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let (last, before) = quoted.split_last().expect("a word");
        // The arguments that bash gives: the command, the word, the word before it.
        let bash = format!(
            "source {script}; COMP_WORDS=({}); COMP_CWORD={}; _agent_with_apps {} {last} {}; \
             echo \"${{COMPREPLY[*]}}\"",
            quoted.join(" "),
            before.len(),
            before[0],
            before.last().expect("the command")
        );
        let mut command = Command::new("bash");
        command.args(["-c", &bash]).env("PATH", &path);
        let output = command.env("AGENT_CONFIG", &config).output().expect("bash");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    };
    for (words, expected) in [
        (&["agent", "rest"][..], "restart"),
        (
            &["agent", "restart", "--with"],
            "--with --without-upgrade --without-balancer",
        ),
        (&["agent", "completions", "f"], "fish"),
        (&["haproxy-gate", "rest"], "restart"),
        (&["agent", "restart", ""], "api web"),
        (&["haproxy-gate", "-v", "close", "--all", "w"], "web"),
        (&["agent", "history", "a"], "api"),
        (&["agent", "restart", "--reason", "w"], ""),
        (&["agent", "run", "w"], ""),
        (&["agent", "open", "web", "--to", ""], "blue green"),
        (&["agent", "open", "--to", "g"], "green"),
        (&["agent", "probe", "web"], "web web/blue web/green"),
        (&["agent", "maintenance", "o"], "on off"),
        (&["agent", "maintenance", "on", "w"], "web"),
        (&["agent", "readonly", "on", "--for", "w"], ""),
        (&["agent", "restart", "web/"], ""),
        (&["agent", "--config", &other, "restart", ""], "db"),
        (&["agent", "--config", "=", &other, "restart", ""], "db"),
    ] {
        assert_eq!(complete(words), expected, "{words:?}");
    }
}

#[test]
fn the_other_shells_complete_the_second_name_too() {
    let fish = said(&["completions", "fish"]);
    assert!(fish.ends_with("complete -c haproxy-gate -w agent\n"));
    assert!(fish.contains("-l to -r -f"), "{fish}");
    let zsh = said(&["completions", "zsh"]);
    for named in [
        "app:_agent_probed",
        ":TARGET:_agent_targets",
        "apps):_agent_apps",
    ] {
        assert!(zsh.contains(&format!("{named}' ")), "{named}: {zsh}");
    }
    assert!(zsh.contains("compdef _agent agent haproxy-gate\n"), "{zsh}");
}

#[test]
fn the_words_of_other_tools_name_the_verbs() {
    let [closes, opens] = [
        "'close' takes the host out of rotation",
        "'open' puts the host back in rotation",
    ];
    for (word, tip) in [
        ("drain", closes.to_owned()),
        ("stop", format!("{closes}; it does not stop the app")),
        ("enable", opens.to_owned()),
        ("start", format!("{opens}; it does not start the app")),
        ("reload", "`systemctl reload haproxy-gate`".to_owned()),
        ("statsu", "'status'".to_owned()),
    ] {
        let output = agent(&[word]);
        let err = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{word}");
        assert!(err.contains(&format!("{tip}\n")), "{word}: {err}");
        let json = agent(&[word, "--json"]).stdout;
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        let message = json["message"].as_str().expect("a message");
        assert!(message.ends_with(&tip), "{word}: {message}");
    }
}

/// The page says of each line whether it is a default.
#[test]
fn the_page_marks_defaults_and_examples() {
    let page = config_page::page("1");
    for line in [
        "gate_to = 9200  # example\n",
        "min_available = 1  # default\n",
        "min_available = \"50%\"  # example\n",
        "port = 1000  # example\n",
        ".SH \"[app.NAME.target.TARGET]\"\nA target: ",
        "keep = \"0s\"  # default\n",
        ".B run (required)\n",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
}

#[test]
fn the_second_name_is_in_its_help() {
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("haproxy-gate");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_agent"), &link).expect("a link");
    let help = |words: &[&str]| {
        let output = Command::new(&link).args(words).output().expect("the agent");
        String::from_utf8(output.stdout).expect("text")
    };
    let (all, verb) = (help(&["--help"]), help(&["restart", "--help"]));
    assert!(all.contains("Usage: haproxy-gate [OPTIONS]"), "{all}");
    assert!(verb.contains("Usage: haproxy-gate restart"), "{verb}");
    for text in [all, verb] {
        let (_, examples) = text.split_once("Examples:\n").expect("examples");
        assert!(examples.starts_with("  haproxy-gate "), "{examples}");
        assert!(!examples.contains("\n  agent "), "{examples}");
    }
    assert!(help(&["--version"]).starts_with("haproxy-gate "));
}

/// An option without effect is an error, not ignored.
#[test]
fn an_option_without_effect_is_refused() {
    for (words, fix) in [
        (&["completions", "bash", "--json"][..], "remove --json"),
        (
            &["doctor", "--json", "--progress"],
            "restart, switch, close, open",
        ),
        (
            &["status", "--json", "--progress"],
            "restart, switch, close, open",
        ),
        (
            &["maintenance", "status", "--json", "--progress"],
            "restart, switch, close, open",
        ),
        (
            &["run", "--dry-run", "--json", "--progress"],
            "restart, switch, close, open",
        ),
    ] {
        let output = agent(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let message = answer["message"].as_str().expect("a message");
        assert!(message.contains(fix), "{words:?}: {message}");
    }
}

/// The exit is that of a mistake, and one line says what was meant.
#[test]
fn a_slip_of_the_command_line_has_one_clear_line() {
    let meant = |line: &str| format!("; tip: did you mean `agent {line}`?");
    for (words, says) in [
        (
            "restart web --to green",
            meant("switch web --to green --json"),
        ),
        ("switch web green", meant("switch web --to green --json")),
        ("maintenance web on", meant("maintenance on web --json")),
        ("readonly web", meant("readonly status web --json")),
        (
            "maintenance on web --for 2",
            "'--for <TIME>': a time needs a unit: 2s, 2m or 2h".to_owned(),
        ),
        (
            "readonly on web --for 30minuts",
            "expected a time such as 90s, 30m or 2h; did you mean 30m?".to_owned(),
        ),
        (
            "maintenance status web --for 2h",
            "unexpected argument '--for' found".to_owned(),
        ),
        (
            "maintenance status web --dry-run",
            "unexpected argument '--dry-run' found".to_owned(),
        ),
        (
            "maintenance off web --for 2h",
            "unexpected argument '--for' found".to_owned(),
        ),
        (
            "readonly status web --reason x",
            "unexpected argument '--reason' found".to_owned(),
        ),
    ] {
        let words: Vec<&str> = words.split(' ').chain(["--json"]).collect();
        let output = agent(&words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let message = answer["message"].as_str().expect("a message");
        assert!(message.contains(&says), "{words:?}: {message}");
    }
}

#[test]
fn an_unknown_shell_is_refused_with_the_known_ones() {
    let output = agent(&["completions", "tcsh"]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        stderr.contains("bash, elvish, fish, powershell, zsh"),
        "{stderr}"
    );
}

#[test]
fn tests_readme_names_only_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("tests/README.md")).expect("a text");
    let rows = text.lines().filter_map(|line| line.strip_suffix("` |"));
    let rows: Vec<&str> = rows
        .filter_map(|row| Some(row.rsplit_once("| `")?.1))
        .collect();
    assert!(rows.len() > 50, "{rows:?}");
    for row in rows {
        let (folder, rest) = match row.strip_prefix("--test ") {
            Some(rest) => (root.join("tests"), rest),
            None => (root.join("src"), row.strip_prefix("--lib ").expect(row)),
        };
        let mut words = rest.split(' ');
        let file = folder.join(words.next().expect(row).trim_end_matches("::"));
        let name = words.next().unwrap_or_default();
        // `leaving::`, or `leaving::each_kind`, or a function of the file itself.
        let (modules, function) = name.rsplit_once("::").unwrap_or(("", name));
        let source = source(&file.join(modules.replace("::", "/"))).expect(row);
        assert!(source.contains(function), "{row}");
    }
}

/// nextest does not report a filter that matches no test.
#[test]
fn each_word_of_a_nextest_filter_is_in_the_name_of_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join(".config/nextest.toml")).expect("a text");
    let config: toml::Table = text.parse().expect("TOML");
    let overrides = config["profile"]["default"]["overrides"].as_array();
    let filters = overrides.expect("overrides").iter();
    let filters: Vec<&str> = filters.filter_map(|one| one["filter"].as_str()).collect();
    assert!(filters.len() > 5, "{filters:?}");
    let all = binaries(root);
    for part in filters.iter().flat_map(|filter| filter.split(" or ")) {
        let mut binaries = arguments(part, "binary(");
        if binaries.is_empty() {
            binaries = all.iter().map(String::as_str).collect();
        }
        let tests = binaries.iter().flat_map(|binary| tests_of(root, binary));
        let tests: Vec<String> = tests.collect();
        let patterns = arguments(part, "test(").into_iter();
        for word in patterns.flat_map(|pattern| pattern.split(|c| !is_in_a_name(c))) {
            let matches = tests.iter().any(|test| test.contains(word));
            assert!(matches, "no test has {word:?} in its name: {part}");
        }
    }
}

fn is_in_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The texts between `name(` and the next `)` that is not part of a regex group.
fn arguments<'a>(filter: &'a str, name: &str) -> Vec<&'a str> {
    let end = |text: &'a str| match text.strip_prefix('/') {
        Some(regex) => regex.split_once("/)"),
        None => text.split_once(')'),
    };
    let parts = filter.split(name).skip(1);
    parts.filter_map(|part| Some(end(part)?.0)).collect()
}

/// The names of all test programs.
fn binaries(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root.join("tests"))
        .expect("a folder")
        .flatten();
    let stem = |path: PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
    entries.filter_map(|entry| stem(entry.path())).collect()
}

/// The names of the tests in one test program, with their modules.
fn tests_of(root: &Path, binary: &str) -> Vec<String> {
    let folder = root.join("tests").join(binary);
    let mut left = vec![(folder.with_extension("rs"), String::new())];
    left.push((folder, String::new()));
    let mut tests = Vec::new();
    while let Some((path, module)) = left.pop() {
        for entry in fs::read_dir(&path).into_iter().flatten().flatten() {
            let stem = PathBuf::from(entry.file_name()).with_extension("");
            let inner = match stem.to_str().expect("a name") {
                "main" | "mod" => module.clone(),
                stem => format!("{module}{stem}::"),
            };
            left.push((entry.path(), inner));
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let functions = text.split("test]\n").skip(1);
        let functions =
            functions.filter_map(|rest| Some(rest.split_once("fn ")?.1.split_once('(')?.0));
        tests.extend(functions.map(|function| format!("{module}{function}")));
    }
    tests
}

/// A module, or a folder of them.
fn source(module: &Path) -> Option<String> {
    let files = [
        module.with_extension("rs"),
        module.join("main.rs"),
        module.join("mod.rs"),
    ];
    files.iter().find_map(|file| fs::read_to_string(file).ok())
}
