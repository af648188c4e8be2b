//! HAProxy's check: as much of the agent's health check as HAProxy can do.

use super::transport::Words;
use crate::app::{Health, HealthCheck};

/// The lines of the check, each without its indentation.
pub(crate) fn lines(health: &Health, words: &Words) -> Vec<String> {
    let what = if words.ssl {
        "TLS handshake"
    } else {
        "TCP connect"
    };
    match &health.check {
        HealthCheck::Http {
            path, status, host, ..
        } => http(path, *status, host.as_deref()),
        HealthCheck::Tcp => {
            let tcp = format!(
                "# As with `health`, a check is a {what}: it does not detect a sick \
                app."
            );
            connect(&[&tcp], words)
        }
        HealthCheck::Command(_) => connect(
            &[
                "# HAProxy can't run the agent's health command: a check is a",
                &format!("# {what}, and the gates pass on the result of the command."),
            ],
            words,
        ),
    }
}

/// HAProxy has no `no option httpchk`, and none for other kinds of check. So this replaces the kind
/// and the rules that `defaults` may have. `default` takes the words of the line for its checks.
fn connect(comment: &[&str], words: &Words) -> Vec<String> {
    let rule = match words.any() {
        true => "tcp-check connect default",
        false => "tcp-check connect",
    };
    let lines = ["option tcp-check", rule];
    comment
        .iter()
        .chain(&lines)
        .map(|line| (*line).to_owned())
        .collect()
}

fn http(path: &str, status: Option<u16>, host: Option<&str>) -> Vec<String> {
    let path = quoted(path);
    // Without one, the range that HAProxy and the agent both accept.
    let status = status.map_or("200-399".to_owned(), |status| status.to_string());
    let expect = format!("http-check expect status {status}");
    match host {
        None => vec![format!("option httpchk GET {path}"), expect],
        Some(host) => vec![
            format!("option httpchk GET {path} HTTP/1.1"),
            // A log format to HAProxy.
            format!(
                "http-check send hdr Host {}",
                quoted(&host.replace('%', "%%"))
            ),
            expect,
        ],
    }
}

/// Quotes one word of HAProxy's configuration if it needs that.
pub(crate) fn quoted(word: &str) -> String {
    match word.contains(['#', '"', '\'', '\\', '$', ' ']) {
        false => word.to_owned(),
        true => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// `timeout check` as HAProxy writes it: the time that the agent gives one probe.
pub(crate) fn timeout(health: &Health) -> String {
    match health.timeout.as_millis().max(1) {
        whole if whole % 1000 == 0 => format!("{}s", whole / 1000),
        parts => format!("{parts}ms"),
    }
}
