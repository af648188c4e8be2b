//! HAProxy's and systemd's words for the verbs.

/// What the verb of another tool is here.
pub(super) fn tip(word: &str) -> Option<&'static str> {
    Some(match word {
        "drain" | "disable" | "maint" => "'close' takes the host out of rotation",
        "stop" => "'close' takes the host out of rotation; it does not stop the app",
        "enable" | "ready" => "'open' puts the host back in rotation",
        "start" => "'open' puts the host back in rotation; it does not start the app",
        "reload" => "to read the configuration again, run `systemctl reload haproxy-gate`",
        _ => return None,
    })
}
