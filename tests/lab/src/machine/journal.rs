//! The journal of a machine.

use serde_json::Value;

use super::Debian;

/// One entry, of any boot.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Unix seconds.
    pub at: f64,
    pub message: String,
    /// All its fields.
    pub fields: Value,
}

impl Debian {
    /// The entries of a unit, and those of systemd about it, since a time in Unix seconds.
    pub fn journal(&self, unit: &str, from: f64) -> Vec<Entry> {
        // The journal may not have all yet that programs have sent to it.
        self.succeed(&["journalctl", "--sync"]);
        let since = format!("--since=@{from:.6}");
        let said = self.succeed(&["journalctl", "-q", "-o", "json", "-u", unit, &since]);
        said.lines().map(parse).collect()
    }
}

fn parse(line: &str) -> Entry {
    let fields: Value = serde_json::from_str(line).expect("an entry of the journal");
    let text = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
    let micros: f64 = text("__REALTIME_TIMESTAMP").parse().expect("a time");
    Entry {
        at: micros / 1e6,
        message: text("MESSAGE"),
        fields,
    }
}
