//! The files of `haproxy/` are exactly what `agent haproxy-config` prints, by the command in each
//! file, with the configurations of `haproxy/README.md`.

use std::fs;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::file;

#[test]
fn two_stage() {
    is_printed("two-stage.cfg", "[app.web]");
}

#[test]
fn classic() {
    is_printed("classic.cfg", "[app.web]");
}

#[test]
fn single() {
    is_printed("single.cfg", "[app.web]");
}

#[test]
fn one_machine() {
    is_printed("one-machine.cfg", "[app.one]");
}

/// Its configuration is README's second one of app web.
#[test]
fn blue_green() {
    is_printed(
        "blue-green.cfg",
        "[app.web]\n    health = { http = \"/healthz\", status = 200 }",
    );
}

/// Its configuration is README's third one of app web.
#[test]
fn maintenance() {
    is_printed("maintenance.cfg", "[app.web.page]");
}

fn is_printed(name: &str, app: &str) {
    let expected = fs::read_to_string(file(name)).unwrap();
    let words = command(&expected, "#");
    let readme = readme();
    let shown = readme
        .split("\n\n")
        .filter(|block| block.starts_with("    agent haproxy-config"));
    let shown: Vec<_> = shown.map(|block| command(block, "")).collect();
    assert!(shown.contains(&words), "not in README.md: {words:?}");
    let config = config(&readme, app);
    let whole = agent(&config, &words);
    assert!(
        whole == expected,
        "{name} is not what {words:?} prints:\n{whole}"
    );
    let rest = words.iter().filter(|word| *word != "--whole").cloned();
    let rest: Vec<String> = rest.collect();
    let section = agent(&config, &rest);
    let (_, backend) = expected.split_once("\n\nbackend srvs\n").unwrap();
    assert_eq!(section, format!("backend srvs\n{backend}"));
}

/// The words of `agent haproxy-config ... \` over several lines, behind a comment mark.
fn command(text: &str, mark: &str) -> Vec<String> {
    let lines = text
        .lines()
        .map(|line| line.strip_prefix(mark).unwrap_or_default().trim());
    let mut words = Vec::new();
    for line in lines.skip_while(|line| !line.starts_with("agent ")) {
        words.extend(
            line.trim_end_matches('\\')
                .split_whitespace()
                .map(str::to_owned),
        );
        if !line.ends_with('\\') {
            break;
        }
    }
    assert_eq!(words.remove(0), "agent", "no command in\n{text}");
    words
}

fn readme() -> String {
    fs::read_to_string(file("README.md")).unwrap()
}

/// The block of README that begins with this table.
fn config(readme: &str, table: &str) -> String {
    let block = readme.split_once(&format!("\n\n    {table}\n")).unwrap().1;
    let lines = block
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("    "));
    let lines: Vec<&str> = lines.map(str::trim).collect();
    format!("{table}\n{}\n", lines.join("\n"))
}

/// The layouts without a twin's gate name the twin's port of README's configuration, which is in vain.
fn agent(config: &str, words: &[String]) -> String {
    let output = run(config, words, None);
    let said = String::from_utf8_lossy(&output.stderr);
    let layout = words.iter().skip_while(|word| *word != "--layout").nth(1);
    let notice = layout.filter(|layout| *layout != "two-stage").map_or_else(
        String::new,
        |layout| format!(
            "agent: no line of the {layout} layout checks the backup_status_port of app.web: take it \
             out of agent.toml\n"
        ),
    );
    assert!(output.status.success(), "{said}");
    assert_eq!(said, notice);
    String::from_utf8(output.stdout).unwrap()
}

fn run(config: &str, words: &[impl AsRef<std::ffi::OsStr>], stdin: Option<&str>) -> Output {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("agent.toml");
    fs::write(&path, config).unwrap();
    let list = dir.path().join("list");
    fs::write(&list, stdin.unwrap_or_default()).unwrap();
    Command::new(env!("CARGO_BIN_EXE_agent"))
        .arg("--config")
        .arg(&path)
        .args(words)
        .stdin(Stdio::from(fs::File::open(list).unwrap()))
        .output()
        .unwrap()
}

/// Takes the hosts from a list that a program printed, and prints the same as JSON without losing
/// anything.
#[test]
fn standard_input_may_list_the_hosts() {
    let config = config(&readme(), "[app.web]");
    let words = ["haproxy-config", "--hosts", "-", "--host", "first=10.0.0.1"];
    let list = "# ours\nsecond 10.0.0.2\n third\t2001:db8::3  cookie=c3 # new\n";
    let text = run(&config, &words, Some(list)).stdout;
    let text = String::from_utf8(text).unwrap();
    let servers = text
        .lines()
        .filter_map(|line| line.strip_prefix("    server "));
    assert_eq!(
        servers.collect::<Vec<_>>(),
        [
            "first 10.0.0.1:1000 cookie first port 2000",
            "second 10.0.0.2:1000 cookie second port 2000",
            "third [2001:db8::3]:1000 cookie c3 port 2000",
            "first-twin 10.0.0.1:1000 cookie first port 3000 backup",
            "second-twin 10.0.0.2:1000 cookie second port 3000 backup",
            "third-twin [2001:db8::3]:1000 cookie c3 port 3000 backup",
        ]
    );
    let json = run(&config, &[&words[..], &["--json"]].concat(), Some(list)).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"exit": 0, "text": text, "notices": []})
    );
}

#[test]
fn a_bad_argument_is_one_line() {
    let config = config(&readme(), "[app.web]");
    let wrong = run(
        &config,
        &["haproxy-config", "--hosts", "-"],
        Some("a 10.0.0.1\nb\n"),
    );
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(said, "agent: -: line 2: expected NAME ADDRESS\n");
    assert_eq!(wrong.status.code(), Some(2));
    let none = run(&config, &["haproxy-config"], None);
    let said = String::from_utf8(none.stderr).unwrap();
    assert!(
        said.starts_with("agent: no hosts: name them with --host"),
        "{said}"
    );
    assert_eq!((none.status.code(), none.stdout.len()), (Some(2), 0));
}
