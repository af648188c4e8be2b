//! Prints one look as text.

use super::model::Status;

/// What another user than root reads for what only root sees.
pub(super) const UNKNOWN: &str = "unknown: needs root";

pub(super) fn text(all: &Status) -> String {
    let mut text = String::new();
    for app in &all.apps {
        let mut line = |line: &str| text.push_str(&format!("{line}\n"));
        app.text.iter().for_each(|seen| line(seen));
        line(&format!("{}: {}", app.label(), app.health.text));
        for idle in app.idle() {
            line(&format!("{}/{}: {}", app.app, idle.name, idle.text));
        }
        match (app.shown_page(), &app.hold) {
            (Some(page), _) => line(&format!("{}: {}", app.app, page.text)),
            (None, Some(hold)) => line(&format!("{}: held closed by {}", app.app, hold.text)),
            (None, None) => {}
        }
        if let Some(readonly) = app.readonly.as_ref().filter(|it| it.is_worth_a_line()) {
            line(&format!("{}: {}", app.app, readonly.text));
        }
        for wrong in app.wrong() {
            line(&format!("{}: trouble: {wrong}", app.app));
        }
        for seen in app.coming_up().chain(&app.unseen) {
            line(&format!("{}: {seen}", app.app));
        }
    }
    for (what, owner) in [("under way", &all.operation), ("sidecar", &all.sidecar)] {
        match owner {
            Some(owner) => text += &format!("{what}: {}\n", owner.text),
            None if !all.needs_root.is_empty() => text += &format!("{what}: {UNKNOWN}\n"),
            None => {}
        }
    }
    if let Some(windows) = &all.windows {
        text += &format!("windows: {}\n", windows.text);
    }
    if let Some(lock) = &all.lock {
        text += &format!("lock: {}\n", lock.text);
    }
    if let Some(older) = &all.older_settings {
        text += &format!("sidecar: trouble: {}\n", older.text);
    }
    text
}
