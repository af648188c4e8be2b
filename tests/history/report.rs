//! `agent report`: its JSON, and a page that it cannot write.

use haproxy_gate::history::{Entry, PhaseEntry, append};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ID: &str = "1mj1tea0011";

fn agent(directory: &Path, words: &[&str]) -> Output {
    let config = directory.join("agent.toml");
    let text = format!("[agent]\nhistory_dir = {directory:?}\n");
    fs::write(&config, text).unwrap();
    let mut agent = Command::new(env!("CARGO_BIN_EXE_agent"));
    agent.args(words).arg("--config").arg(config);
    agent.output().expect("the agent")
}

fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn one_operation() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let entry = Entry {
        id: ID.to_owned(),
        app: "web".to_owned(),
        verb: "restart".to_owned(),
        ..Entry::default()
    };
    append(directory.path(), &entry).unwrap();
    directory
}

#[test]
fn an_unwritable_page_is_exit_1() {
    let directory = one_operation();
    let file = directory.path().join("missing").join("page.html");
    let file = file.to_str().unwrap();
    let output = agent(directory.path(), &["report", "--html", file]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains(file) && stderr.contains("No such file"),
        "{stderr}"
    );
    let output = agent(directory.path(), &["report", "--html", file, "--json"]);
    let answer = object(&output);
    assert_eq!(
        (&answer["outcome"], &answer["exit"]),
        (&"failed".into(), &1.into())
    );
}

#[test]
fn json_is_one_object_beside_the_page() {
    let directory = one_operation();
    let file = directory.path().join("page.html");
    let words = ["report", ID, "--html", file.to_str().unwrap(), "--json"];
    let output = agent(directory.path(), &words);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(object(&output)["id"], ID);
    assert!(fs::read_to_string(file).unwrap().contains("</html>"));
    let both = ["report", ID, "--html", "-", "--json"];
    let output = agent(directory.path(), &both);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let message = object(&output)["message"].to_string();
    assert!(message.contains("name a file"), "{message}");
}

#[test]
fn a_phase_that_waited_for_nothing_has_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let phase = |phase: &str, start, waited_for| PhaseEntry {
        phase: phase.to_owned(),
        start,
        seconds: 0.25,
        waited_for,
        ..PhaseEntry::default()
    };
    let entry = Entry {
        id: ID.to_owned(),
        phases: vec![
            phase("floor", 0.5, Vec::new()),
            phase("drain", 0.75, vec!["srvs/web1".to_owned()]),
        ],
        ..Entry::default()
    };
    append(directory.path(), &entry).unwrap();
    let output = agent(directory.path(), &["report", ID]);
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, phases) = text.split_once("waited for, last\n").expect(&text);
    assert_eq!(
        phases,
        "    0.50     0.25  floor\n    0.75     0.25  drain      srvs/web1\n"
    );
}
