//! The files that a page names, as `data:` addresses.

use super::kind::kind;
use super::size::{Included, LIMIT, too_large};
use crate::page::fault::Fault;
use crate::page::folder::Folder;
use crate::page::inline::{Found, Reference, Spot, escaped, replace, spots, urls};
use base64::prelude::{BASE64_STANDARD, Engine};
use std::ops::Range;
use std::path::Path;

/// How deep style sheets may name style sheets.
const DEPTH: usize = 4;

/// The files that the page names.
pub(super) struct Files {
    folder: Folder,
    included: Vec<Included>,
    elsewhere: Vec<String>,
}

impl Files {
    pub(super) fn of(folder: Folder) -> Files {
        Files {
            folder,
            included: Vec::new(),
            elsewhere: Vec::new(),
        }
    }

    /// Those that are in the page, and the addresses of other servers.
    pub(super) fn named(self) -> (Vec<Included>, Vec<String>) {
        (self.included, self.elsewhere)
    }

    /// The text of the page, with its files in it.
    pub(super) fn html(&mut self, file: &Path, html: &str) -> Result<String, Fault> {
        let mut parts = Vec::new();
        for Spot { at, found } in spots(html) {
            let fault = |what: String| Fault::at(file, html, at.start, what);
            let inlined = match found {
                Found::Address { attribute, .. } if attribute.ends_with("srcset") => {
                    let what =
                        format!("{attribute} names several files: write src with one of them");
                    return Err(fault(what));
                }
                Found::Address { attribute, value } => {
                    let named = format!("{attribute}=\"{value}\"");
                    let inlined = self.address(Path::new(""), &value, DEPTH);
                    let inlined = inlined.map_err(|what| fault(format!("{named}: {what}")))?;
                    inlined.map(|address| escaped(&address))
                }
                Found::StyleAttribute(css) => {
                    let inlined = self.css(Path::new(""), &css, DEPTH);
                    let inlined = inlined.map_err(|(_, what)| fault(what))?;
                    (inlined != css).then(|| escaped(&inlined))
                }
                Found::StyleSheet => {
                    let inlined = self.css(Path::new(""), &html[at.clone()], DEPTH);
                    let placed = |(within, what)| Fault::at(file, html, at.start + within, what);
                    Some(inlined.map_err(placed)?)
                }
            };
            parts.extend(inlined.map(|text| (at, text)));
        }
        Ok(replace(html, parts))
    }

    /// A style sheet in this folder. Err: the place in it, and the reason.
    fn css(&mut self, of: &Path, css: &str, depth: usize) -> Result<String, (usize, String)> {
        let mut parts: Vec<(Range<usize>, String)> = Vec::new();
        for at in urls(css) {
            let value = &css[at.clone()];
            let inlined = self.address(of, value, depth);
            let inlined = inlined.map_err(|what| (at.start, format!("url({value}): {what}")))?;
            parts.extend(inlined.map(|address| (at, address)));
        }
        Ok(replace(css, parts))
    }

    /// The `data:` address of what an address in this folder names. None: it stays as it is.
    fn address(
        &mut self,
        of: &Path,
        address: &str,
        depth: usize,
    ) -> Result<Option<String>, String> {
        match Reference::of(address) {
            Reference::Nothing => Ok(None),
            Reference::Elsewhere => {
                self.elsewhere.push(address.trim().to_owned());
                Ok(None)
            }
            Reference::Rooted => Err(format!(
                "the page's server has no other file than the page: put the file beside the page, \
                 and write {}",
                address.rsplit(['/', '\\']).next().unwrap_or_default()
            )),
            Reference::Beside(name, fragment) => {
                let data = self.data(&of.join(name), depth)?;
                Ok(Some(data + &fragment))
            }
        }
    }

    fn data(&mut self, name: &Path, depth: usize) -> Result<String, String> {
        let kind = kind(name)?;
        let mut bytes = self.folder.read(name, LIMIT)?;
        self.included.push(Included {
            name: name.to_owned(),
            bytes: bytes.len(),
        });
        // Before more is read: a page may name a large file a thousand times.
        let all = self.included.iter().map(|file| file.bytes).sum();
        if all > LIMIT {
            return Err(too_large(all, &self.included));
        }
        if kind == "text/css" {
            bytes = self.sheet(name, &bytes, depth)?.into_bytes();
        }
        Ok(format!(
            "data:{kind};base64,{}",
            BASE64_STANDARD.encode(bytes)
        ))
    }

    /// A style sheet in a file of its own.
    fn sheet(&mut self, name: &Path, bytes: &[u8], depth: usize) -> Result<String, String> {
        let path = self.folder.path_of(name);
        let css = String::from_utf8_lossy(bytes);
        let deeper = depth.checked_sub(1);
        let deeper = deeper
            .ok_or_else(|| format!("{} is named too deep: by {DEPTH} others", path.display()))?;
        let inlined = self.css(name.parent().unwrap_or(Path::new("")), &css, deeper);
        inlined.map_err(|(at, what)| Fault::at(&path, &css, at, what).to_string())
    }
}
