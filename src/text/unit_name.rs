//! Unit names as systemctl takes them (`unit_name_mangle` in systemd's `unit-name.c`). systemd
//! itself says whether there is such a unit.

/// The types of units.
const TYPES: [&str; 11] = [
    "automount",
    "device",
    "mount",
    "path",
    "scope",
    "service",
    "slice",
    "socket",
    "swap",
    "target",
    "timer",
];

/// The unit's full name: `web` and `php8.2-fpm` are services. A character that no name may have
/// becomes an escape.
pub fn unit_name(name: &str) -> String {
    let escaped: String = name.bytes().map(escaped).collect();
    match has_unit_type(&escaped) {
        true => escaped,
        false => format!("{escaped}.service"),
    }
}

/// The name ends with the type of a unit.
fn has_unit_type(name: &str) -> bool {
    let kind = name.rsplit_once('.').map(|(_, kind)| kind);
    kind.is_some_and(|kind| TYPES.contains(&kind))
}

fn escaped(byte: u8) -> String {
    match byte {
        b'/' => "-".to_owned(),
        b':' | b'-' | b'_' | b'.' | b'\\' | b'@' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("\\x{byte:02x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_systemctl_takes_them_for() {
        for (name, full) in [
            ("web", "web.service"),
            ("php8.2-fpm", "php8.2-fpm.service"),
            ("web.example", "web.example.service"),
            ("web@1", "web@1.service"),
            ("web@a.b", "web@a.b.service"),
            ("web.service", "web.service"),
            ("web.target", "web.target"),
            ("web\\x2dapp", "web\\x2dapp.service"),
            ("my app", "my\\x20app.service"),
            ("web.services", "web.services.service"),
        ] {
            assert_eq!(unit_name(name), full);
        }
    }
}
