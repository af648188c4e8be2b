//! The configuration: consistent settings, or the place of the fault with lines to write.

use haproxy_gate::app::{Health, HealthCheck, Restart};
use haproxy_gate::config::{AppSettings, BalancerSettings, ConfigError, Settings, read};
use haproxy_gate::haproxy::Address;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// Takes the bytes for agent.toml.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match read(Path::new("agent.toml"), text) {
        Ok(settings) => check_settings(&settings),
        Err(error) => check_error(&error, text),
    }
}

fn check_error(error: &ConfigError, text: &str) {
    super::assert_printable(&error.to_string());
    let steps = error.steps().iter();
    for line in steps.flat_map(|step| &step.lines) {
        super::assert_printable(&line.replace('\t', " "));
    }
    if let ConfigError::Wrong { line, .. } = error {
        // The place may be the end of the file: the line after the last newline.
        assert!(
            (1..=text.matches('\n').count() + 1).contains(line),
            "{error}"
        );
    }
}

fn check_settings(settings: &Settings) {
    let mut ports = BTreeSet::new();
    for app in settings.instances() {
        check_app(&app);
        let gates = settings
            .gates(&app)
            .into_iter()
            .map(|gate| gate.status_port);
        for port in gates.chain([app.ports.port]) {
            assert!(port > 0 && ports.insert(port), "port {port}");
        }
        let serves = |balancer: &BalancerSettings| balancer.serves(&app.name);
        assert!(settings.balancers.iter().any(serves), "{}", app.name);
    }
    settings.balancers.iter().for_each(check_balancer);
    assert!(settings.agent.state_dir.is_absolute());
    let poll = Duration::from_millis(5)..=Duration::from_secs(10);
    assert!(poll.contains(&settings.agent.poll));
}

fn check_app(app: &AppSettings) {
    let limits = &app.limits;
    check_limit(app.health.timeout);
    check_limit(limits.sticky + Duration::from_nanos(1));
    let others = [limits.drain, limits.restart, limits.healthy];
    let rotation = [limits.out_of_rotation, limits.in_rotation];
    others.into_iter().chain(rotation).for_each(check_limit);
    assert_eq!(limits.two_stage, app.ports.backup_status_port.is_some());
    assert_eq!(limits.healthy_times, app.health.times);
    check_health(&app.health);
    check_name(&app.name);
    if let Some(target) = &app.target {
        check_name(target);
    }
    match &app.restart {
        Restart::Systemd { unit, .. } => assert!(unit.contains('.'), "{unit}"),
        Restart::Command(argv) => assert!(!argv.is_empty()),
        Restart::StopAndStart { stop, start } => assert!(!stop.is_empty() && !start.is_empty()),
        Restart::Signal { .. } => {}
    }
}

/// The agent can wait for it: such a time exists, and so does the sum of a few.
fn check_limit(limit: Duration) {
    assert!(limit > Duration::ZERO);
    assert!(
        Instant::now().checked_add(limit * 10).is_some(),
        "{limit:?}"
    );
}

/// The comment of a rule contains it, and the `iptables` crate splits that at quotes.
fn check_name(name: &str) {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    assert!(
        (1..=64).contains(&name.len()) && name.chars().all(harmless),
        "{name}"
    );
}

/// The agent refuses a bad request here, not after it has restarted the app.
fn check_health(health: &Health) {
    assert!(health.times > 0);
    match &health.check {
        // The file of a CA may be missing.
        HealthCheck::Http { tls: None, .. } => assert_eq!(health.check(), Ok(())),
        HealthCheck::Http { .. } => {}
        HealthCheck::Command(argv) => assert!(!argv.is_empty()),
        HealthCheck::Tcp => {}
    }
}

fn check_balancer(balancer: &BalancerSettings) {
    check_limit(balancer.timeout);
    match &balancer.address {
        Address::Unix(path) => assert!(path.is_absolute()),
        Address::Tcp(address) => {
            let (host, port) = address.rsplit_once(':').expect("HOST:PORT");
            assert!(
                !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0),
                "{address}"
            );
        }
    }
}
