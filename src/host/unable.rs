//! Why the app can't be restarted, as far as the user of this process sees it.

/// At least one of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unable {
    /// What is wrong, each with its fix.
    pub certain: Vec<String>,
    /// More may be wrong: root sees processes and files that this user does not.
    pub needs_root: bool,
}

impl Unable {
    /// What is wrong, each with whether it is so for all users. Another user than root does not see
    /// root's processes and files.
    pub(super) fn seen_by(root: bool, wrong: Vec<(bool, String)>) -> Unable {
        let is_certain = |(for_all, _): &(bool, String)| root || *for_all;
        let (certain, hidden): (Vec<_>, Vec<_>) = wrong.into_iter().partition(is_certain);
        Unable {
            certain: certain.into_iter().map(|(_, what)| what).collect(),
            needs_root: !hidden.is_empty(),
        }
    }

    /// What is not known for lack of rights.
    pub fn unseen(&self) -> Option<&'static str> {
        self.needs_root
            .then_some("not known whether it can be restarted: needs root")
    }

    /// All of it on one line.
    pub(super) fn line(&self) -> String {
        let certain = self.certain.iter().map(String::as_str);
        certain.chain(self.unseen()).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_user_sees_only_what_is_wrong_for_all() {
        let (missing, hidden) = ((true, "no such unit; fix: write it"), (false, "needs root"));
        for (root, wrong, certain, needs_root) in [
            (false, vec![missing], vec![missing.1], false),
            (false, vec![hidden, hidden], vec![], true),
            (false, vec![hidden, missing], vec![missing.1], true),
            (
                true,
                vec![hidden, missing],
                vec![hidden.1, missing.1],
                false,
            ),
        ] {
            let wrong = wrong.into_iter();
            let wrong = wrong.map(|(for_all, what)| (for_all, what.to_owned()));
            let unable = Unable::seen_by(root, wrong.collect());
            assert_eq!(unable.certain, certain);
            assert_eq!(unable.needs_root, needs_root);
        }
    }
}
