//! Checks the files of a page before they are needed.

use super::content::Content;
use super::fault::Fault;
use super::folder::unreadable;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What lets every user enter a folder, and read a file.
const ENTER: u32 = 0o001;
const READ: u32 = 0o004;

/// Whether the page's server can read the page and the files in it. It runs as a user of its own.
///
/// # Errors
///
/// The first file that it can't read, or that is no part of a page.
pub fn check(page: &Path) -> Result<(), Fault> {
    let content = Content::load(page)?;
    is_readable(page)?;
    let real = page.canonicalize().unwrap_or_else(|_| page.to_owned());
    let folder = real.parent().unwrap_or(Path::new("/"));
    let mut included = content.included.iter();
    included.try_for_each(|file| is_readable(&folder.join(&file.name)))
}

fn is_readable(file: &Path) -> Result<(), Fault> {
    let real = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let lacks = |path: &Path, right: u32| {
        let found = fs::metadata(path);
        found.is_ok_and(|found| found.permissions().mode() & right == 0)
    };
    let closed = real.ancestors().skip(1).find(|folder| lacks(folder, ENTER));
    match closed {
        Some(folder) => {
            let folder = folder.display();
            Err(Fault::of(
                file,
                format!(
                    "not every user may enter {folder}, as the page's server needs: put the page into \
                     another folder, or run `chmod a+x {folder}`"
                ),
            ))
        }
        None if lacks(&real, READ) => Err(Fault::of(file, unreadable(file))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Root reads them all the same.
    #[test]
    fn the_page_and_its_files_are_readable_by_every_user() {
        let dir = tempfile::tempdir().unwrap();
        let (page, picture) = (dir.path().join("page.html"), dir.path().join("a.png"));
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let says = || check(&page).err().map(|fault| fault.to_string());
        assert!(says().unwrap().contains("no such file"));
        fs::write(&page, "<img src=a.png>").unwrap();
        assert!(says().unwrap().contains("there is no "));
        fs::write(&picture, "").unwrap();
        for (path, wrong, right, named) in [
            (dir.path(), 0o700, 0o755, "not every user may enter "),
            (
                page.as_path(),
                0o600,
                0o644,
                "page.html can't be read by every user",
            ),
            (
                picture.as_path(),
                0o640,
                0o644,
                "a.png can't be read by every user",
            ),
        ] {
            [dir.path(), &page, &picture]
                .iter()
                .for_each(|path| set(path, 0o755));
            assert_eq!(says(), None);
            set(path, wrong);
            let why = says().unwrap();
            assert!(why.contains(named), "{why}");
            set(path, right);
        }
    }
}
