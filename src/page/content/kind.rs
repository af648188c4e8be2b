//! The type of a file in the page.

use std::path::Path;

/// The media type by the end of the name.
pub(super) fn kind(name: &Path) -> Result<&'static str, String> {
    let end = name
        .extension()
        .map(|end| end.to_string_lossy().to_ascii_lowercase());
    let end = end.unwrap_or_default();
    let found = KINDS.iter().find(|(known, _)| *known == end);
    found.map(|(_, kind)| *kind).ok_or_else(|| {
        let known: Vec<&str> = KINDS.iter().map(|(known, _)| *known).collect();
        format!(
            "no type is known for this name; one of these can be in a page: {}",
            known.join(", ")
        )
    })
}

const KINDS: [(&str, &str); 12] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("svg", "image/svg+xml"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("ico", "image/x-icon"),
    ("css", "text/css"),
    ("js", "text/javascript"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
];
