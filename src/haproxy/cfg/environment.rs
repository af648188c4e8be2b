//! HAProxy's environment, as far as its file sets it: `setenv` and its siblings in `global`. They
//! count for the lines below them. Everything else comes from the service, and is unknown.

use std::collections::{BTreeMap, BTreeSet};

/// The variables that are known.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// None: it is unset.
    set: BTreeMap<String, Option<String>>,
    /// The variables of the service that are still there. None: all.
    kept: Option<BTreeSet<String>>,
}

/// What the file shows of one variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Set(&'a str),
    Unset,
    /// The service may have set it.
    Unknown,
}

impl Environment {
    pub(crate) fn value(&self, name: &str) -> Value<'_> {
        match (self.set.get(name), &self.kept) {
            (Some(Some(value)), _) => Value::Set(value),
            (Some(None), _) => Value::Unset,
            (None, Some(kept)) if !kept.contains(name) => Value::Unset,
            (None, _) => Value::Unknown,
        }
    }

    /// Reads a line of `global`.
    pub(crate) fn read(&mut self, line: &[&str]) {
        match line {
            ["setenv", name, value, ..] => self.set(name, Some(value)),
            // What the service sets comes before it. The file shows no more.
            ["presetenv", name, value, ..] if !matches!(self.value(name), Value::Set(_)) => {
                self.set(name, Some(value));
            }
            ["unsetenv", names @ ..] => names.iter().for_each(|name| self.set(name, None)),
            ["resetenv", names @ ..] => {
                let stays = |name: &&&str| !matches!(self.value(name), Value::Unset);
                let stay = names.iter().filter(stays).map(|name| (*name).to_owned());
                let kept: BTreeSet<String> = stay.collect();
                self.set.retain(|name, _| kept.contains(name));
                self.kept = Some(kept);
            }
            _ => {}
        }
    }

    fn set(&mut self, name: &str, value: Option<&str>) {
        self.set.insert(name.to_owned(), value.map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::Value::{Set, Unknown, Unset};
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn the_last_line_counts() {
        for (lines, values) in [
            ("", [Unknown, Unknown]),
            ("setenv A 1", [Set("1"), Unknown]),
            ("setenv A 1/presetenv A 2/presetenv B 3", [Set("1"), Set("3")]),
            ("setenv A 1/setenv A 2/unsetenv B A", [Unset, Unset]),
            ("unsetenv A/presetenv A 1", [Set("1"), Unknown]),
            ("setenv A 1/resetenv", [Unset, Unset]),
            ("setenv A 1/resetenv A", [Set("1"), Unset]),
            ("setenv A 1/resetenv B", [Unset, Unknown]),
            ("resetenv B/resetenv A B", [Unset, Unknown]),
            ("unsetenv B/resetenv A B/presetenv B 1", [Unknown, Set("1")]),
            ("setenv A/unsetenv", [Unknown, Unknown]),
        ] {
            let mut environment = Environment::default();
            for line in lines.split('/') {
                environment.read(&line.split(' ').collect::<Vec<_>>());
            }
            assert_eq!(["A", "B"].map(|name| environment.value(name)), values, "{lines}");
        }
    }
}
