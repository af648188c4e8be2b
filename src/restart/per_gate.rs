//! One value for each gate of an app.

use serde::{Deserialize, Serialize};
use std::iter;

/// One value for the main gate and, in the two-stage layout, one for the twin's. It is written as a
/// list, the main gate's first, as in the journals of older agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "Vec<T>", from = "Vec<T>")]
#[serde(bound(
    serialize = "T: Clone + Serialize",
    deserialize = "T: Default + Deserialize<'de>"
))]
pub struct PerGate<T> {
    /// The main gate's.
    pub main: T,
    /// The twin's; None: it has no gate.
    pub twin: Option<T>,
}

impl<T> PerGate<T> {
    /// In this order: main, twin.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        iter::once(&self.main).chain(&self.twin)
    }

    /// The same gates with the results of `of`.
    pub fn map<U>(self, mut of: impl FnMut(T) -> U) -> PerGate<U> {
        PerGate {
            main: of(self.main),
            twin: self.twin.map(of),
        }
    }

    /// Borrowed.
    pub fn as_ref(&self) -> PerGate<&T> {
        PerGate {
            main: &self.main,
            twin: self.twin.as_ref(),
        }
    }
}

impl<T> IntoIterator for PerGate<T> {
    type Item = T;
    type IntoIter = iter::Chain<iter::Once<T>, std::option::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        iter::once(self.main).chain(self.twin)
    }
}

impl<T> From<PerGate<T>> for Vec<T> {
    fn from(gates: PerGate<T>) -> Vec<T> {
        gates.into_iter().collect()
    }
}

impl<T: Default> From<Vec<T>> for PerGate<T> {
    fn from(list: Vec<T>) -> PerGate<T> {
        let mut list = list.into_iter();
        PerGate {
            main: list.next().unwrap_or_default(),
            twin: list.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_older_agents_wrote_it() {
        for (gates, text) in [
            (
                PerGate {
                    main: true,
                    twin: None,
                },
                "[true]",
            ),
            (
                PerGate {
                    main: true,
                    twin: Some(false),
                },
                "[true,false]",
            ),
        ] {
            assert_eq!(serde_json::to_string(&gates).unwrap(), text);
            assert_eq!(serde_json::from_str::<PerGate<bool>>(text).unwrap(), gates);
        }
    }
}
