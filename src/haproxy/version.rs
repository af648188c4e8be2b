//! HAProxy's versions: the first that the agent can work with, and the columns that an older one lacks.

use super::Unseen;

/// The first that shows the ports of checks (`srv_check_port` in `show servers state`).
pub(crate) const FIRST: (u32, u32) = (2, 4);

/// The first two numbers of a version. None: it has none.
pub(crate) fn short(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
        _ => None,
    }
}

/// Why an answer lacks something, where `info` shows a version that does not have it yet.
pub(super) fn explained(unseen: Unseen, info: &str) -> Unseen {
    let version = info.lines().find_map(|line| line.strip_prefix("Version: "));
    match (&unseen, version) {
        (Unseen::Strange { .. }, Some(version))
            if short(version).is_some_and(|version| version < FIRST) =>
        {
            Unseen::TooOld(crate::text::escape(version))
        }
        _ => unseen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_old_version_lacks_is_its_age() {
        let said = |version: &str| {
            let info = format!("Name: HAProxy\nVersion: {version}\nPid: 7");
            explained(
                Unseen::strange("show info", "no Start_time_sec in it"),
                &info,
            )
            .to_string()
        };
        let old = said("2.2.14-1");
        assert!(
            old.starts_with("HAProxy 2.2.14-1 is too old: the agent needs 2.4"),
            "{old}"
        );
        for version in ["2.4.0", "3.2.26-1", "4.0", "nightly"] {
            assert!(said(version).contains("no Start_time_sec"), "{version}");
        }
        let denied = explained(Unseen::Denied("show info".into()), "Version: 2.2");
        assert_eq!(denied, Unseen::Denied("show info".into()));
    }
}
