//! Prints one look as text.

use super::model::Status;

pub(super) fn text(all: &Status) -> String {
    let mut text = String::new();
    for app in &all.apps {
        let mut line = |line: &str| text.push_str(&format!("{line}\n"));
        app.text.iter().for_each(|seen| line(seen));
        line(&format!("{}: {}", app.app, app.health.text));
        if let Some(hold) = &app.hold {
            line(&format!("{}: held closed by {}", app.app, hold.text));
        }
        app.wrong()
            .for_each(|trouble| line(&format!("{}: trouble: {trouble}", app.app)));
    }
    for (what, owner) in [("under way", &all.operation), ("sidecar", &all.sidecar)] {
        if let Some(owner) = owner {
            text += &format!("{what}: {}\n", owner.text);
        }
    }
    if let Some(older) = &all.older_settings {
        text += &format!("sidecar: trouble: {}\n", older.text);
    }
    text
}
