//! A mistake in the configuration, with its place in the text.

use std::ops::Range;

/// A mistake at a place in the text; without a place, in the whole file.
pub(super) struct Mistake {
    pub(super) at: Option<Range<usize>>,
    pub(super) what: String,
}

impl Mistake {
    pub(super) fn new(at: Range<usize>, what: impl Into<String>) -> Mistake {
        Mistake {
            at: Some(at),
            what: what.into(),
        }
    }

    /// A mistake without a place.
    pub(super) fn of_the_whole(what: impl Into<String>) -> Mistake {
        Mistake {
            at: None,
            what: what.into(),
        }
    }
}

impl From<toml::de::Error> for Mistake {
    fn from(error: toml::de::Error) -> Mistake {
        let what = error
            .message()
            .replace('\n', ", ")
            .replace("unknown field", "unknown key");
        Mistake {
            at: error.span(),
            what: what.replace("missing field", "missing key"),
        }
    }
}
