//! The places of an HTML text that name a file: attributes such as `src`, and style sheets.

use html5gum::emitters::default::{DefaultEmitter, StartTag};
use html5gum::{HtmlString, Token, Tokenizer};
use std::convert::Infallible;
use std::ops::Range;

/// A place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::page) struct Spot {
    /// An attribute's value with its quotes, or the text of a style sheet.
    pub(in crate::page) at: Range<usize>,
    pub(in crate::page) found: Found,
}

/// What is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::page) enum Found {
    /// An address in this attribute.
    Address { attribute: String, value: String },
    /// The style sheet of a `style` attribute.
    StyleAttribute(String),
    /// That of a `style` element.
    StyleSheet,
}

/// All places, in order.
pub(in crate::page) fn spots(html: &str) -> Vec<Spot> {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    // The text of a script or of a title has no tags.
    emitter.naively_switch_states(true);
    let mut all = Vec::new();
    let mut in_style = false;
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token): Result<_, Infallible> = token;
        match token {
            Token::StartTag(tag) => {
                in_style = is(&tag.name, "style");
                all.extend(in_tag(html, &tag));
            }
            Token::EndTag(_) => in_style = false,
            Token::String(text) if in_style => all.push(Spot {
                at: text.span.start..text.span.end,
                found: Found::StyleSheet,
            }),
            _ => {}
        }
    }
    all
}

fn in_tag(html: &str, tag: &StartTag<usize>) -> Vec<Spot> {
    let mut spots: Vec<Spot> = Vec::new();
    for (name, value) in &tag.attributes {
        let attribute = text(name);
        let found = match attribute.as_str() {
            "style" => Found::StyleAttribute(text(value)),
            _ if is_fetched(tag, &attribute) => Found::Address {
                value: text(value),
                attribute,
            },
            _ => continue,
        };
        let at = raw_value(html, value.span.start);
        spots.extend(at.map(|at| Spot { at, found }));
    }
    spots.sort_by_key(|spot| spot.at.start);
    spots
}

/// Whether a browser fetches what this attribute names, to show the page.
fn is_fetched(tag: &StartTag<usize>, attribute: &str) -> bool {
    match attribute {
        "src" | "srcset" | "imagesrcset" | "poster" | "background" => true,
        "data" => is(&tag.name, "object"),
        "href" if is(&tag.name, "link") => {
            rel(tag).iter().any(|rel| FETCHED.contains(&rel.as_str()))
        }
        "href" | "xlink:href" => is(&tag.name, "image") || is(&tag.name, "use"),
        _ => false,
    }
}

/// The links that are a part of the page. Others (`canonical`) name other pages.
const FETCHED: [&str; 6] = [
    "icon",
    "apple-touch-icon",
    "apple-touch-icon-precomposed",
    "mask-icon",
    "preload",
    "stylesheet",
];

fn rel(tag: &StartTag<usize>) -> Vec<String> {
    let rel = tag.attributes.get(b"rel".as_slice());
    let rel = rel
        .map(|rel| text(rel).to_ascii_lowercase())
        .unwrap_or_default();
    rel.split_ascii_whitespace().map(str::to_owned).collect()
}

/// The value of the attribute whose name begins here, with its quotes. None: it has no value.
fn raw_value(html: &str, name: usize) -> Option<Range<usize>> {
    let is_space = |letter: char| letter.is_ascii_whitespace();
    let ends_name = |letter: char| is_space(letter) || "=>/".contains(letter);
    let length = html[name..].find(ends_name)?;
    let after = html[name + length..].trim_start_matches(is_space);
    let value = after.strip_prefix('=')?.trim_start_matches(is_space);
    let start = html.len() - value.len();
    let length = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].find(quote)? + 2,
        _ => value.find(|letter| is_space(letter) || letter == '>')?,
    };
    Some(start..start + length)
}

/// A value as an attribute has it, with its quotes.
pub(in crate::page) fn escaped(value: &str) -> String {
    format!("\"{}\"", value.replace('&', "&amp;").replace('"', "&quot;"))
}

fn is(name: &HtmlString, wanted: &str) -> bool {
    **name == *wanted.as_bytes()
}

fn text(value: &HtmlString) -> String {
    String::from_utf8_lossy(value).into_owned()
}
