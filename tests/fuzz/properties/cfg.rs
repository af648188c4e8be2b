//! An HAProxy configuration file, and the points about it.

use super::assert_printable;
use haproxy_gate::doctor::cfg::{Expected, Shown, check as points_of};
use haproxy_gate::doctor::{Point, Verdict};
use haproxy_gate::haproxy::{AppPorts, Own, Role};
use std::time::Duration;

/// Takes the bytes for the whole file.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for own in [None, Some(3000)] {
        for lines in [
            vec![],
            vec![line("web1", Role::Main), line("bkp1", Role::Twin)],
        ] {
            check_points(&text, own, &lines);
        }
    }
}

fn line(server: &str, role: Role) -> Own {
    Own {
        backend_id: 3,
        backend: "srvs".to_owned(),
        server_id: 1,
        server: server.to_owned(),
        role,
        address: None,
        check_address: None,
    }
}

fn check_points(text: &str, backup_status_port: Option<u16>, lines: &[Own]) {
    let ports = AppPorts {
        port: 1000,
        status_port: 2000,
        backup_status_port,
        health_port: None,
    };
    let points = |text: &str| {
        let app = "web";
        let (out_of_rotation, in_rotation) = (Duration::from_secs(30), Duration::from_secs(60));
        let expected = Expected {
            app,
            target: None,
            ports,
            page: None,
            marker: None,
            shown: &Shown::default(),
            lines,
            servers: &[],
            http: Some("/healthz"),
            connects: false,
            https: false,
            proxy: false,
            master: false,
            out_of_rotation,
            in_rotation,
        };
        points_of(text, &[expected])
    };
    let first = points(text);
    first.iter().for_each(check_point);
    // There is always a point about the file itself, and one about whether it serves the app.
    for name in ["cfg-file", "cfg-backend"] {
        assert!(first.iter().any(|point| point.check == name), "{first:?}");
    }
    // Line endings and comments have no meaning.
    assert_eq!(points(&text.replace('\n', "\r\n")), first);
    assert_eq!(
        points(&format!("# first\n{text}\n  # backend x\n")).len(),
        points(&format!("{text}\n")).len()
    );
}

fn check_point(point: &Point) {
    assert_eq!(point.fix.is_some(), point.verdict > Verdict::Unseen);
    for text in [
        &point.of,
        &point.found,
        point.fix.as_deref().unwrap_or(&point.of),
    ] {
        assert_printable(text);
    }
}
