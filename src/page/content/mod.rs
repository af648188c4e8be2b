//! The page as it is sent: one text, in which the files beside it are `data:` addresses.

mod files;
mod kind;
mod size;

pub use size::{Included, LIMIT};

use super::fault::Fault;
use super::folder::{Folder, unreadable};
use crate::state::permissions;
use files::Files;
use size::{size, too_large};
use std::io::{self, Read};
use std::path::Path;

/// A page, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The whole text.
    pub text: String,
    /// The files that are in it.
    pub included: Vec<Included>,
    /// Addresses of other servers, which stay as they are.
    pub elsewhere: Vec<String>,
}

impl Content {
    /// The size of the whole text, to read.
    pub fn size(&self) -> String {
        size(self.text.len())
    }

    /// Reads the page and the files that it names.
    ///
    /// # Errors
    ///
    /// One can't be read, is not in the page's folder, or has no known type; or they are too large.
    pub fn load(file: &Path) -> Result<Content, Fault> {
        let text = read(file).map_err(|what| Fault::of(file, what))?;
        // The page may be a symlink to the newest one. Its files are beside that.
        let real = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let folder = Folder::open(real.parent().unwrap_or(Path::new("/")));
        let folder = folder.map_err(|error| Fault::of(file, crate::text::plain(&error)))?;
        let mut files = Files::of(folder);
        let text = files.html(file, &text)?;
        let (included, elsewhere) = files.named();
        match text.len() > LIMIT {
            true => Err(Fault::of(file, too_large(text.len(), &included))),
            false => Ok(Content {
                text,
                included,
                elsewhere,
            }),
        }
    }
}

/// The text of the page. A file that others than root may write is none for root.
fn read(file: &Path) -> Result<String, String> {
    let opened = permissions::open(file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "no such file: write the page there, for example a copy of \
             /usr/share/doc/haproxy-gate/examples/maintenance.html"
            .to_owned(),
        // Also the reason why a file that others may write is refused.
        io::ErrorKind::PermissionDenied if error.raw_os_error().is_some() => unreadable(file),
        _ => crate::text::plain(&error),
    })?;
    let mut bytes = Vec::new();
    let most = u64::try_from(LIMIT).unwrap_or(u64::MAX).saturating_add(1);
    let read = opened.take(most).read_to_end(&mut bytes);
    read.map_err(|error| crate::text::plain(&error))?;
    match bytes.len() > LIMIT {
        true => Err(format!(
            "larger than {}, the limit of a page: make it smaller",
            size(LIMIT)
        )),
        false => String::from_utf8(bytes).map_err(|_| "not UTF-8: save it as UTF-8".to_owned()),
    }
}

#[cfg(test)]
mod tests;
