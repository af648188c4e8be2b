//! A command line: its text, and whether its program can be run.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use super::command_error::CommandError;
use crate::state::permissions;
use crate::text::plain;

/// A command line to read. It quotes what a shell would split or a terminal obey.
pub(super) fn shown(argv: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    let words = argv.iter().map(|word| match word {
        word if !word.is_empty() && word.chars().all(plain) => word.clone(),
        word => format!("{word:?}"),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The program's file. It exists, may be run, and only root may change it.
pub(super) fn check(argv: &[String]) -> Result<PathBuf, CommandError> {
    let program = argv.first().map_or("", String::as_str);
    let place = locate(program, &env::var_os("PATH").unwrap_or_default())
        .map_err(|why| unusable(argv, split(program, why)))?;
    permissions::check(&place).map_err(|untrusted| unusable(argv, untrusted.to_string().into()))?;
    Ok(place)
}

/// Why it can't be run.
#[derive(Debug, PartialEq)]
pub(super) struct Unusable {
    reason: String,
    kind: Option<io::ErrorKind>,
}

impl From<String> for Unusable {
    fn from(reason: String) -> Self {
        Self { reason, kind: None }
    }
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self {
            reason: plain(&error),
            kind: Some(error.kind()),
        }
    }
}

pub(super) fn unusable(argv: &[String], Unusable { reason, kind }: Unusable) -> CommandError {
    CommandError::Program {
        program: shown(&argv[..argv.len().min(1)]),
        reason,
        kind,
    }
}

/// A whole command line in place of the program: the agent starts no shell that splits it.
fn split(program: &str, why: Unusable) -> Unusable {
    let words: Vec<&str> = program.split_whitespace().collect();
    if words.len() < 2 {
        return why;
    }
    let reason = format!("no program has this name; each word is a text of its own: {words:?}");
    Unusable { reason, ..why }
}

/// Looks for it like `execvp`.
fn locate(program: &str, path: &OsStr) -> Result<PathBuf, Unusable> {
    if program.is_empty() {
        return Err("the command is empty".to_owned().into());
    }
    if program.contains('/') {
        let file = Path::new(program);
        // Another user may be in another directory.
        let seen_here = |why: Unusable| match file.is_absolute() {
            true => why,
            false => why.reason.into(),
        };
        return executable(file).map(|()| program.into()).map_err(seen_here);
    }
    let places = env::split_paths(path).map(|folder| folder.join(program));
    places
        .into_iter()
        .find(|place| executable(place).is_ok())
        .ok_or_else(|| {
            format!(
                "not found in PATH ({}); give its full path",
                path.to_string_lossy()
            )
            .into()
        })
}

fn executable(file: &Path) -> Result<(), Unusable> {
    let found = file.metadata()?;
    let wrong = match found.is_file() {
        false => "not a file",
        true if access(file, AccessFlags::X_OK).is_ok() => return Ok(()),
        true => "not executable; fix: chmod +x, or name its interpreter",
    };
    Err(wrong.to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| word.to_string()).collect()
    }

    #[test]
    fn what_a_shell_would_split_is_quoted() {
        assert_eq!(
            shown(&argv(&["apachectl", "-k", "graceful"])),
            "apachectl -k graceful"
        );
        assert_eq!(
            shown(&argv(&["sh", "-c", "exit 1", ""])),
            r#"sh -c "exit 1" """#
        );
        assert_eq!(shown(&argv(&["say", "\x1b[2J"])), r#"say "\u{1b}[2J""#);
    }

    #[test]
    fn a_program_is_looked_for_as_execvp_does() {
        let path = OsStr::new("/nowhere:/bin:/usr/bin");
        assert_eq!(locate("sh", path), Ok("/bin/sh".into()));
        assert_eq!(locate("/bin/sh", OsStr::new("")), Ok("/bin/sh".into()));
        let reason = locate("no-such-program", path).unwrap_err().reason;
        assert!(
            reason.starts_with("not found in PATH (/nowhere:"),
            "{reason}"
        );
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        let refused = |program: &str| check(&argv(&[program])).unwrap_err().to_string();
        assert_eq!(
            refused("/no/such"),
            "cannot run /no/such: no such file or directory"
        );
        assert_eq!(refused("/etc"), "cannot run /etc: not a file");
        assert!(refused("/etc/passwd").starts_with("cannot run /etc/passwd: not executable"));
        assert_eq!(
            refused("apt-get install -y web"),
            "cannot run \"apt-get install -y web\": no program has this name; each word is a text \
             of its own: [\"apt-get\", \"install\", \"-y\", \"web\"]"
        );
        assert!(
            check(&[])
                .unwrap_err()
                .to_string()
                .ends_with("the command is empty")
        );
    }
}
