//! What a dry run of the sidecar warns of: files that can't be used now. An operation would refuse, and the
//! sidecar does without them.

use crate::app::{Change, Restart};
use crate::config::{PageSettings, Settings};
use crate::lock::FileFault;
use crate::page;
use crate::restart::WhenAway;

/// Programs, pages and files of the lock that can't be used now.
pub(super) async fn missing_files(settings: &Settings) -> Vec<String> {
    let mut warnings = Vec::new();
    for app in &settings.apps {
        for one in app.instances() {
            let restart = &one.restart;
            if let Restart::Command(_) | Restart::StopAndStart { .. } = restart
                && let Err(error) = restart.check().await
            {
                let (label, name) = (one.label(), &app.name);
                warnings.push(format!(
                    "{label}: restart: {error}; `agent restart {name}` refuses"
                ));
            }
        }
        for (key, change, verb) in [
            ("upgrade", &app.upgrade, "restart"),
            ("rollback", &app.rollback, "restart"),
            ("verify", &app.verify, "switch"),
        ] {
            if let Some(Err(error)) = change.as_ref().map(Change::check) {
                let name = &app.name;
                warnings.push(format!(
                    "{name}: {key}: {error}; `agent {verb} {name}` refuses"
                ));
            }
        }
        let page = app.page.as_ref().and_then(PageSettings::file);
        if let Some(Err(fault)) = page.map(page::check) {
            let name = &app.name;
            warnings.push(format!(
                "{name}: page: {fault}; `agent maintenance on {name}` refuses without its page"
            ));
        }
    }
    let lock = settings.lock.as_ref();
    warnings.extend(lock.and_then(|lock| {
        let fault = lock.check_files().err()?;
        Some(of_lock(&fault, lock.when_away))
    }));
    warnings
}

fn of_lock(fault: &FileFault, when_away: WhenAway) -> String {
    let then = match (fault, when_away) {
        (FileFault::NeedsRoot(_), _) => "",
        (FileFault::Unusable(_), WhenAway::Refuse) => {
            "; `agent restart`, `agent close` and `agent switch` refuse"
        }
        (FileFault::Unusable(_), WhenAway::Claims) => {
            "; operations go on without the lock, as when_away = \"claims\" asks"
        }
    };
    format!("lock: {fault}{then}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "[app.web]\nport = 1000\nstatus_port = 2000\nrestart = { command = [\"true\"] \
        }\n[[haproxy]]\nsocket = \"/a\"\n";

    #[tokio::test]
    async fn a_dry_run_warns_of_a_file_of_the_lock() {
        for (lock, wanted) in [
            ("ca = \"/none/ca.pem\"", "agent switch` refuse"),
            (
                "ca = \"/none/ca.pem\"\nwhen_away = \"claims\"",
                "go on without",
            ),
        ] {
            let text = format!("{APP}[lock]\netcd = [\"https://a:1\"]\n{lock}\n");
            let settings = crate::config::read("agent.toml".as_ref(), &text).unwrap();
            let warnings = missing_files(&settings).await.join("\n");
            assert!(
                warnings.contains("lock: /none/ca.pem: no such"),
                "{warnings}"
            );
            assert!(warnings.contains(wanted), "{warnings}");
        }
    }
}
