//! Checks HAProxy's configuration file, if the caller gives it. Only the file shows most of what
//! makes a restart safe.

use super::app_facts::AppFacts;
use super::check::{Check, checks};
use super::{Point, cfg};
use crate::app::HealthCheck;
use crate::haproxy::Own;
use std::fs::File as Opened;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

checks! {
    FILE "haproxy-cfg":
        "no stats socket shows `option persist`, `option redispatch`, `on-marked-down` and `check-ssl`: they \
         decide whether users notice a restart";
}

/// The largest file. It is larger than any that people or templates write.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The file that the caller gave.
#[derive(Debug)]
pub struct File {
    /// Its path; `-` is standard input.
    pub path: PathBuf,
    /// Its text. Err: the system can't read it, or it is too large.
    pub text: io::Result<String>,
}

/// Reads the file. Any user may have written it, because doctor only judges it. Bytes that are not
/// UTF-8 are no error, because HAProxy accepts them too, for example in a comment.
pub fn read(path: &Path) -> File {
    let text = match path.as_os_str() == "-" {
        true => whole(io::stdin()),
        false => Opened::open(path).and_then(whole),
    };
    File {
        path: path.to_owned(),
        text,
    }
}

fn whole(reader: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    match reader.take(LARGEST).read_to_end(&mut bytes)? as u64 {
        LARGEST => Err(io::Error::other("too large: 64 MiB is the most")),
        _ => Ok(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

fn fix(why: &io::Error) -> &'static str {
    match why.kind() {
        io::ErrorKind::NotFound => "correct the path",
        io::ErrorKind::PermissionDenied => "as root, or give a copy that can be read",
        _ => "give HAProxy's configuration file itself, or a copy of it",
    }
}

pub(super) fn points(file: Option<&File>, apps: &[AppFacts]) -> Vec<Point> {
    let Some(file) = file else {
        return vec![FILE.unseen(
            "HAProxy's configuration file was not given (--haproxy-cfg FILE, a copy will do)",
        )];
    };
    let shown = file.path.display();
    let text = match &file.text {
        Ok(text) => text,
        Err(why) => return vec![FILE.error(format!("{shown} can't be read: {why}"), fix(why))],
    };
    if cfg::is_empty(text) {
        return vec![FILE.error(
            format!(
                "HAProxy's configuration file: no server line of this host is in {shown}, nor any other"
            ),
            "name the file that HAProxy runs with",
        )];
    }
    let lines: Vec<Vec<Own>> = apps.iter().map(own_lines).collect();
    let apps = apps.iter().zip(&lines);
    let apps: Vec<cfg::Expected> = apps.map(|(app, lines)| expected(app, lines)).collect();
    let mut points = vec![FILE.ok(format!("HAProxy's configuration file: {shown}"))];
    points.extend(cfg::check(text, &apps));
    points
}

fn expected<'a>(app: &'a AppFacts, lines: &'a [Own]) -> cfg::Expected<'a> {
    let (http, https, proxy) = match &app.settings.health.check {
        HealthCheck::Http {
            path, tls, proxy, ..
        } => (Some(path.as_str()), tls.is_some(), proxy.is_some()),
        HealthCheck::Tcp | HealthCheck::Command(_) => (None, false, false),
    };
    cfg::Expected {
        app: &app.settings.name,
        ports: app.settings.ports,
        lines,
        http,
        https,
        proxy,
        master: app.has_master,
        out_of_rotation: app.settings.limits.out_of_rotation,
        in_rotation: app.settings.limits.in_rotation,
    }
}

/// The app's lines as its balancers show them, each once.
fn own_lines(app: &AppFacts) -> Vec<Own> {
    let mut lines: Vec<Own> = Vec::new();
    let seen = app.balancers.iter().flat_map(|balancer| &balancer.seen);
    for own in seen.flat_map(|seen| seen.own()) {
        if !lines.contains(own) {
            lines.push(own.clone());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_haproxy_accepts_are_read() {
        let latin = b"# f\xfcr alle\nbackend srvs\n";
        let text = whole(&latin[..]).unwrap();
        assert!(text.ends_with("r alle\nbackend srvs\n"), "{text}");
        assert!(whole(io::repeat(b'#')).is_err(), "without end");
    }

    #[test]
    fn only_a_wrong_path_is_corrected() {
        let of = |path: &str| fix(&read(Path::new(path)).text.unwrap_err());
        assert_eq!(of("/nowhere/haproxy.cfg"), "correct the path");
        assert!(of("/").starts_with("give HAProxy's"));
    }
}
