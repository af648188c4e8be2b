//! The JSON of a roll, with the reports of real agents, fits its schema.

use std::io::Write;
use std::process::{Command, Stdio};

use super::Rolled;

/// By Debian's own jsonschema.
pub(super) fn assert_fit<'a>(rolls: impl IntoIterator<Item = &'a Rolled>) {
    let script = "import json, sys, jsonschema\n\
        schema = json.load(open(sys.argv[1]))\n\
        check = jsonschema.Draft202012Validator(schema)\n\
        print(sum(check.validate(json.loads(line)) is None for line in sys.stdin), 'rolls fit')";
    let schema = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/scripts/rolling/roll.schema.json"
    );
    let rolls = rolls.into_iter();
    let texts: Vec<String> = rolls.map(|rolled| rolled.text.trim().to_owned()).collect();
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-c", script, schema]).stdin(Stdio::piped());
    let mut python = python.spawn().expect("python3");
    let stdin = python.stdin.take();
    write!(stdin.expect("a pipe"), "{}", texts.join("\n")).expect("it reads");
    assert!(python.wait().expect("its end").success());
}
