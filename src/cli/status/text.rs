//! One look, in words.

use super::Status;

pub(super) fn text(all: &Status) -> String {
    let mut text = String::new();
    for app in &all.apps {
        let mut line = |line: &str| text.push_str(&format!("{line}\n"));
        app.text.iter().for_each(|seen| line(seen));
        line(&format!("{}: {}", app.app, app.health));
        if let Some(who) = &app.held {
            line(&format!("{}: closed by {who}", app.app));
        }
        app.trouble
            .iter()
            .for_each(|trouble| line(&format!("{}: trouble: {trouble}", app.app)));
    }
    let told = [("under way", &all.operation), ("sidecar", &all.sidecar)];
    for (what, who) in told {
        if let Some(who) = who {
            text += &format!("{what}: {who}\n");
        }
    }
    text
}
