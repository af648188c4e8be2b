//! What the address in a page names.

use std::path::PathBuf;

/// An address in the page, as a browser takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::page) enum Reference {
    /// A file beside the page, and the fragment with its `#`.
    Beside(PathBuf, String),
    /// Nothing to fetch: `data:`, a fragment of the page itself, no address.
    Nothing,
    /// Another server, which the browser asks.
    Elsewhere,
    /// A path on the site itself, where the page's server has only the page.
    Rooted,
}

impl Reference {
    pub(in crate::page) fn of(address: &str) -> Reference {
        let address = address.trim();
        if address.is_empty() || address.starts_with('#') {
            return Reference::Nothing;
        }
        if address.starts_with("//") {
            return Reference::Elsewhere;
        }
        if address.starts_with(['/', '\\', '?']) {
            return Reference::Rooted;
        }
        match scheme(address).as_deref() {
            Some("http" | "https") => Reference::Elsewhere,
            Some("file") => Reference::Rooted,
            Some(_) => Reference::Nothing,
            None => {
                let (path, fragment) = match address.find('#') {
                    Some(at) => address.split_at(at),
                    None => (address, ""),
                };
                // `logo.png?v=2` names the same file to a browser's cache.
                let path = path.split('?').next().unwrap_or_default();
                Reference::Beside(PathBuf::from(path), fragment.to_owned())
            }
        }
    }
}

fn scheme(address: &str) -> Option<String> {
    let (scheme, _) = address.split_once(':')?;
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(is_letter);
    is_scheme.then(|| scheme.to_ascii_lowercase())
}
