//! What to do about a fault: words, and in them the lines to paste, which no terminal's width may break.

use serde::{Serialize, Serializer};
use std::fmt;
use std::ops::Deref;

/// The first words of lines to paste.
const TO_PASTE: &str = "agent apt chmod chown cp curl default-server haproxy ip6tables \
    ip6tables-legacy ip6tables-nft iptables iptables-legacy iptables-nft nft option server sudo \
    systemctl ulimit";

/// One line of words. Programs get it as a string.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fix {
    text: String,
    /// The parts of the text to paste, in its order.
    lines: Vec<String>,
}

impl Fix {
    /// A line to paste, and before it the place.
    pub(crate) fn paste(place: impl fmt::Display, line: impl Into<String>) -> Fix {
        let line = line.into();
        Fix {
            text: format!("{place}: {line}"),
            lines: vec![line],
        }
    }

    /// The same at this place.
    pub(crate) fn at(self, place: impl fmt::Display) -> Fix {
        Fix {
            text: format!("{place}: {}", self.text),
            ..self
        }
    }

    /// The same, and other words or lines behind it.
    pub(crate) fn and(mut self, more: impl Into<Fix>) -> Fix {
        let more = more.into();
        self.text = match self.text.is_empty() {
            true => more.text,
            false => format!("{}; {}", self.text, more.text),
        };
        self.lines.extend(more.lines);
        self
    }

    /// The same with another text in its place, in the words and in the lines.
    pub(super) fn map(self, change: impl Fn(&str) -> String) -> Fix {
        Fix {
            text: change(&self.text),
            lines: self.lines.iter().map(|line| change(line)).collect(),
        }
    }

    /// The words and the lines one after the other.
    pub(super) fn parts(&self) -> Vec<Part<'_>> {
        let (mut parts, mut rest) = (Vec::new(), self.text.as_str());
        let words = |text| {
            let text = str::trim_matches(text, [' ', ';']);
            (!text.is_empty()).then_some(Part::Words(text))
        };
        for line in &self.lines {
            let Some((before, behind)) = rest.split_once(line.as_str()) else {
                continue;
            };
            parts.extend(words(before));
            parts.push(Part::Line(line));
            rest = behind;
        }
        parts.extend(words(rest));
        parts
    }
}

/// A part of a fix.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// To wrap.
    Words(&'a str),
    /// To print on a line of its own.
    Line(&'a str),
}

/// A text that begins with a program or with a word of HAProxy is one line.
impl From<String> for Fix {
    fn from(text: String) -> Fix {
        let lines = is_to_paste(&text).then(|| text.clone());
        Fix {
            lines: lines.into_iter().collect(),
            text,
        }
    }
}

impl From<&str> for Fix {
    fn from(text: &str) -> Fix {
        Fix::from(text.to_owned())
    }
}

impl From<&String> for Fix {
    fn from(text: &String) -> Fix {
        Fix::from(text.clone())
    }
}

impl Deref for Fix {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl PartialEq<&str> for Fix {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Fix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Whether the fix is a line for a shell or for HAProxy's file, not a text.
pub fn is_to_paste(fix: &str) -> bool {
    let first = fix.split(' ').next().unwrap_or_default();
    TO_PASTE.split_whitespace().any(|word| word == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_apart_from_the_words() {
        use Part::{Line, Words};
        let mode = Fix::paste("in backend srvs", "mode http");
        for (fix, text, parts) in [
            (
                Fix::from("agent doctor"),
                "agent doctor",
                vec![Line("agent doctor")],
            ),
            (Fix::from("start it"), "start it", vec![Words("start it")]),
            (
                mode.clone().and("or take `cookie` away"),
                "in backend srvs: mode http; or take `cookie` away",
                vec![
                    Words("in backend srvs:"),
                    Line("mode http"),
                    Words("or take `cookie` away"),
                ],
            ),
            (
                Fix::default().and("write more").and(mode),
                "write more; in backend srvs: mode http",
                vec![Words("write more; in backend srvs:"), Line("mode http")],
            ),
        ] {
            assert_eq!(fix, text);
            assert_eq!(fix.parts(), parts);
            assert_eq!(serde_json::to_value(&fix).unwrap(), text);
        }
    }
}
