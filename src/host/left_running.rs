//! What an operation that died may have left running, by the phase in its journal. Pure.

use crate::config::AppSettings;
use crate::restart::Phase;
use crate::restart::switch::SwitchPhase;
use std::time::Duration;

/// How long it may take, and its name.
pub(super) fn left_running(app: &AppSettings, phase: Option<&Phase>) -> (Duration, String) {
    let limits = &app.limits;
    match phase {
        Some(phase @ (Phase::Upgrade | Phase::Rollback(_))) => {
            (limits.upgrade, phase.name().to_owned())
        }
        Some(Phase::Switch(SwitchPhase::Prepare)) => {
            (limits.upgrade, "preparation (`--with`)".to_owned())
        }
        Some(Phase::Switch(SwitchPhase::Verify)) => {
            (limits.healthy, "verification (`verify`)".to_owned())
        }
        _ => (limits.restart, format!("restart ({})", app.restart)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read;
    use std::path::Path;

    #[test]
    fn each_command_has_its_own_limit_and_name() {
        let text = r#"
            [app.web]
            port = 1000
            status_port = 2000
            restart = { systemd = "web" }
            timeouts = { restart = "1s", upgrade = "2s", healthy = "3s" }
            [[haproxy]]
            socket = "/run/haproxy.sock"
        "#;
        let settings = read(Path::new("agent.toml"), text).unwrap();
        for (phase, seconds, name) in [
            (
                None,
                1,
                "restart (systemctl reload-or-restart web.service (D-Bus))",
            ),
            (Some(Phase::Upgrade), 2, "upgrade"),
            (Some(Phase::Rollback("sick".to_owned())), 2, "rollback"),
            (
                Some(Phase::Switch(SwitchPhase::Prepare)),
                2,
                "preparation (`--with`)",
            ),
            (
                Some(Phase::Switch(SwitchPhase::Verify)),
                3,
                "verification (`verify`)",
            ),
        ] {
            let expected = (Duration::from_secs(seconds), name.to_owned());
            assert_eq!(left_running(&settings.apps[0], phase.as_ref()), expected);
        }
    }
}
