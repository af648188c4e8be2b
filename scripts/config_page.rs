//! agent.toml(5), from the annotated configuration.

use haproxy_gate::config::advice::reference::{self, Entry};
use std::fmt::Write;

/// The page in roff.
pub fn page(version: &str) -> String {
    let mut page = format!(
        ".TH AGENT.TOML 5 \"\" \"haproxy\\-gate {version}\" \"haproxy\\-gate\"\n\
         .SH NAME\nagent.toml \\- the configuration of haproxy\\-gate\n\
         .SH SYNOPSIS\n/etc/haproxy\\-gate/agent.toml\n.SH DESCRIPTION\n{HEAD}"
    );
    let entries = reference::entries();
    for (table, about) in reference::tables() {
        let header = match table.as_str() {
            "haproxy" => "[[haproxy]]".to_owned(),
            table => {
                let table = table.replace("app.web", "app.NAME");
                format!("[{}]", table.replace("target.blue", "target.TARGET"))
            }
        };
        let _ = write!(
            page,
            ".SH \"{}\"\n{}\n",
            roff(&header),
            roff(&about.join(" "))
        );
        for entry in entries.iter().filter(|entry| entry.table == table) {
            page.push_str(&key(entry));
        }
    }
    page + TAIL
}

fn key(entry: &Entry) -> String {
    let required = if entry.is_required { " (required)" } else { "" };
    let about = roff(&entry.comment.join(" "));
    let name = roff(&entry.key);
    let examples = entry.values.iter().enumerate();
    let examples: String = examples
        .map(|(at, value)| {
            let what = if at == 0 && entry.has_default {
                "default"
            } else {
                "example"
            };
            format!("{name} = {}  # {what}\n", roff(value))
        })
        .collect();
    format!(".TP\n.B {name}{required}\n{about}\n.IP\n.nf\n{examples}.fi\n")
}

fn roff(text: &str) -> String {
    text.replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('\'', "\\(aq")
}

const HEAD: &str = "\
The file is in TOML. It must belong to root, and only root may write it. After a change,
.B agent run \\-\\-dry\\-run
checks it, and
.B systemctl reload\\-or\\-restart haproxy\\-gate
lets the sidecar read it again.
.PP
Under each key, the line with \"# default\" holds without the key, and the lines with
\"# example\" are examples of other values. A time is a text with its unit, as \"500ms\", \"30s\" or \"10m\".
";

const TAIL: &str = "\
.SH FILES
.TP
/etc/haproxy\\-gate/agent.toml.example
This page as a file that can be copied.
.SH \"SEE ALSO\"
.BR haproxy\\-gate (8),
.BR agent (8),
.BR agent\\-haproxy\\-config (8),
.BR agent\\-doctor (8)
";
