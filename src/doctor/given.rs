//! The files of HAProxy that the caller gives, read as `haproxy -f` reads them.

use std::fs::File as Opened;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The largest file. It is larger than any that people or templates write.
const LARGEST: u64 = 64 * 1024 * 1024;

/// One file of HAProxy's configuration.
#[derive(Debug)]
pub struct File {
    /// Its path; `-` is standard input.
    pub path: PathBuf,
    /// Its bytes. Err: the system can't read it, or it is too large.
    pub bytes: io::Result<Vec<u8>>,
}

/// Reads the files in HAProxy's order. A directory stands for its files that end in `.cfg`, in the
/// order of their names. Any user may have written them, because doctor only judges them.
pub fn read(paths: &[PathBuf]) -> Vec<File> {
    paths.iter().flat_map(|path| read_one(path)).collect()
}

fn read_one(path: &Path) -> Vec<File> {
    let file = |bytes, path: &Path| File {
        path: path.to_owned(),
        bytes,
    };
    if path.as_os_str() == "-" {
        return vec![file(whole(io::stdin()), path)];
    }
    if !path.is_dir() {
        return vec![file(Opened::open(path).and_then(whole), path)];
    }
    match inside(path) {
        Err(error) => vec![file(Err(error), path)],
        Ok(inside) if inside.is_empty() => {
            let none = io::Error::other("no file in this directory ends in .cfg");
            vec![file(Err(none), path)]
        }
        Ok(inside) => {
            let files = inside.iter();
            let files = files.map(|path| file(Opened::open(path).and_then(whole), path));
            files.collect()
        }
    }
}

/// HAProxy looks for the first `.cfg` in a name, and that must be its end.
fn inside(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in directory.read_dir()? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let ends = name.find(".cfg").is_some_and(|at| at + 4 == name.len());
        if ends && !name.starts_with('.') && path.is_file() {
            names.push(path);
        }
    }
    names.sort();
    Ok(names)
}

fn whole(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match reader.take(LARGEST).read_to_end(&mut bytes)? as u64 {
        LARGEST => Err(io::Error::other("too large: 64 MiB is the most")),
        _ => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_without_end_is_too_large() {
        assert!(whole(io::repeat(b'#')).is_err());
    }

    /// HAProxy 2.6, 3.0 and 3.2 take the same files.
    #[test]
    fn a_directory_is_its_files_in_the_order_of_their_names() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for name in [
            "20.cfg",
            "10.cfg",
            "a.cfg.cfg",
            ".x.cfg",
            "y.cfg~",
            "Z.cfg",
            "n.txt",
        ] {
            fs::write(at(name), name).unwrap();
        }
        fs::create_dir(at("sub.cfg")).unwrap();
        fs::create_dir(at("empty")).unwrap();
        let one = at("n.txt");
        let read = read(&[
            one.clone(),
            root.path().to_owned(),
            one,
            at("empty"),
            at("no"),
        ]);
        let names = read.iter().map(|file| {
            file.bytes.as_ref().map_or("-".into(), |bytes| {
                String::from_utf8_lossy(bytes).into_owned()
            })
        });
        let expected = ["n.txt", "10.cfg", "20.cfg", "Z.cfg", "n.txt", "-", "-"];
        assert_eq!(names.collect::<Vec<_>>(), expected);
    }
}
