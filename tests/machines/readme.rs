//! The README's way to a first restart, by its own lines.

use std::fs;
use std::path::Path;

/// The commands of "Five minutes to a first restart", in their order.
pub fn commands() -> Vec<String> {
    let lines = paragraphs().into_iter().flatten();
    let is_one = |line: &String| {
        ["agent ", "systemctl "]
            .iter()
            .any(|one| line.starts_with(one))
    };
    let bare = |line: String| line.split('#').next().unwrap_or_default().trim().to_owned();
    lines.filter(is_one).map(bare).collect()
}

/// Its configuration with both gates, for the balancer of the lab.
pub fn configuration() -> String {
    let paragraphs = paragraphs();
    let from = paragraphs.iter().skip_while(|one| one[0] != "[app.web]");
    let blocks = from.take_while(|one| !one[0].starts_with("systemctl "));
    let text: Vec<&str> = blocks.flatten().map(String::as_str).collect();
    let twin = paragraphs.iter().flatten();
    let twin = twin
        .clone()
        .find(|line| line.starts_with("backup_status_port = "));
    let twin = twin.expect("the twin's port");
    let text = text.join("\n").replace("10.0.0.1:", "10.77.0.1:");
    text.replacen("[app.web]\n", &format!("[app.web]\n{twin}\n"), 1)
}

/// The indented paragraphs of the section.
fn paragraphs() -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(path).expect("README.md");
    let (_, section) = text
        .split_once("\n## Five minutes to a first restart\n")
        .expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let indented = section.split("\n\n").filter(|one| one.starts_with("    "));
    let lines = |one: &str| one.lines().map(|line| line.trim().to_owned()).collect();
    indented.map(lines).collect()
}
