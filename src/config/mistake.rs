//! A mistake in the configuration, with its place in the text.

use std::ops::Range;

/// A mistake at a place in the text.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) at: Range<usize>,
    /// The key of the table at that place.
    pub(super) key: Option<&'static str>,
    pub(super) what: String,
    pub(super) about: About,
}

/// What a mistake is about.
#[derive(Debug)]
pub(super) enum About {
    /// The text there is no TOML.
    Syntax,
    /// A key or table is there twice.
    Duplicate,
    /// A key is unknown.
    Unknown,
    /// The table there lacks this key.
    Missing(String),
    /// The whole file lacks this table; `more` are further lines of it.
    Table { table: &'static str, more: String },
    /// The value there is wrong.
    Value,
}

impl Mistake {
    pub(super) fn new(at: Range<usize>, what: impl Into<String>) -> Mistake {
        Mistake {
            at,
            key: None,
            what: what.into(),
            about: About::Value,
        }
    }

    /// The value of this key, in the table at the place.
    pub(super) fn of(self, key: &'static str) -> Mistake {
        Mistake {
            key: Some(key),
            ..self
        }
    }

    /// The value at the place needs this key in its table.
    pub(super) fn lacks(at: Range<usize>, key: &str, what: impl Into<String>) -> Mistake {
        Mistake {
            about: About::Missing(key.to_owned()),
            ..Mistake::new(at, what)
        }
    }

    /// A mistake without a place.
    pub(super) fn of_the_whole(what: impl Into<String>) -> Mistake {
        Mistake::new(usize::MAX..usize::MAX, what)
    }

    /// A table is missing.
    pub(super) fn no_table(table: &'static str, more: String, what: impl Into<String>) -> Mistake {
        Mistake {
            about: About::Table { table, more },
            ..Mistake::of_the_whole(what)
        }
    }

    /// The text is no TOML.
    pub(super) fn of_syntax(error: &toml::de::Error) -> Mistake {
        let about = match error.message() {
            "duplicate key" => About::Duplicate,
            _ => About::Syntax,
        };
        Mistake {
            about,
            ..Mistake::new(error.span().unwrap_or(0..0), one_line(error.message()))
        }
    }

    /// The TOML has another shape than a configuration.
    pub(super) fn of_shape(error: &toml::de::Error) -> Mistake {
        let message = error.message();
        let name = message.split('`').nth(1).unwrap_or_default();
        let about = match message {
            _ if message.starts_with("unknown field") => About::Unknown,
            _ if message.starts_with("missing field") => About::Missing(name.to_owned()),
            _ => About::Value,
        };
        Mistake {
            about,
            ..Mistake::new(error.span().unwrap_or(0..0), one_line(message))
        }
    }
}

fn one_line(message: &str) -> String {
    message.replace('\n', ", ")
}
