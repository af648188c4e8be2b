//! The lines of an app's targets in the file.

use super::*;

const BLUE_GREEN: &str = include_str!("../../../../haproxy/blue-green.cfg");

fn of_targets(text: &str) -> Vec<Point> {
    let target = |name, port| Expected {
        target: Some(name),
        ports: AppPorts {
            port,
            status_port: port + 1000,
            backup_status_port: Some(port + 2000),
            health_port: None,
        },
        ..EXPECTED
    };
    check(text, &[target("blue", 1000), target("green", 1001)])
}

fn changed(old: &str, new: &str) -> String {
    assert!(BLUE_GREEN.contains(old), "{old}");
    BLUE_GREEN.replace(old, new)
}

#[test]
fn the_reference_file_of_targets_is_all_ok() {
    let points = of_targets(BLUE_GREEN);
    let wrong: Vec<&Point> = points.iter().filter(|point| point.verdict != Ok).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for check in ["target-order", "target-cookie", "target-twin"] {
        assert!(points.iter().any(|point| point.check == check), "{check}");
    }
    // An app without targets has no such points.
    let alone = super::points(TWO_STAGE, PORTS, &[]);
    assert!(
        alone
            .iter()
            .all(|point| !point.check.starts_with("target-"))
    );
}

#[test]
fn the_lines_of_targets_are_judged_beside_each_other() {
    let green = "    server web1-green 10.0.0.11:1001 cookie w1 port 2001\n";
    let last = "    server bkp3-green 10.0.0.13:1001 cookie w3 port 3001 backup\n";
    let moved = changed(green, "").replace(last, &format!("{last}{green}"));
    for (text, check, verdict, says) in [
        (moved, "target-order", Error, "bkp1-blue"),
        (
            changed(green, &green.replace("cookie w1 ", "cookie other ")),
            "same-cookie",
            Error,
            "bkp1-green",
        ),
        (
            changed(
                "web3-green 10.0.0.13:1001 cookie w3",
                "web3-green 10.0.0.13:1001",
            ),
            "target-cookie",
            Error,
            "web3-green has none",
        ),
        (
            changed("cookie w1 port 3001 backup", "cookie w1 backup"),
            "target-twin",
            Warning,
            "bkp1-green",
        ),
    ] {
        let (worst, found) = worst(&of_targets(&text), check);
        assert_eq!(worst, verdict, "{check}: {found}");
        assert!(found.contains(says), "{found}");
    }
}

#[test]
fn a_target_without_lines_is_named() {
    let lines = BLUE_GREEN.lines().filter(|line| !line.contains("-green"));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let points = of_targets(&text);
    let missing = points
        .iter()
        .find(|point| point.check == "cfg-backend" && point.verdict == Error);
    let missing = missing.expect("an error");
    assert!(
        missing.found.contains("web/green") && missing.found.contains("1001"),
        "{missing:?}"
    );
}
