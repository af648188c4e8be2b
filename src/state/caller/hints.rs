//! The terminal and the SSH client of a caller.

use crate::text::escape_within;
use nix::unistd::getppid;
use procfs::process::Process;
use std::fs::File;
use std::io::Read as _;

/// The most characters of each hint.
const LONGEST: usize = 64;

/// The most parents to ask for what `sudo` removes from the environment.
const PARENTS: usize = 16;

/// The most bytes to read of a parent's environment: it may be megabytes.
const ENVIRONMENT: u64 = 128 * 1024;

/// `sudo` passes on no variable that it does not know, but a parent of it has the SSH client's.
pub(super) fn ssh_of_parents() -> Option<Vec<u8>> {
    let mut pid = getppid().as_raw();
    for _ in 0..PARENTS {
        let parent = Process::new(pid).ok().filter(|_| pid > 1)?;
        let mut environment = Vec::new();
        let file = File::open(format!("/proc/{pid}/environ")).ok()?;
        file.take(ENVIRONMENT).read_to_end(&mut environment).ok()?;
        if let Some(connection) = ssh_in(&environment) {
            return Some(connection);
        }
        pid = parent.stat().ok()?.ppid;
    }
    None
}

/// `NAME=value`, each with a zero at its end.
fn ssh_in(environment: &[u8]) -> Option<Vec<u8>> {
    let mut variables = environment.split(|byte| *byte == 0);
    variables.find_map(|it| Some(it.strip_prefix(b"SSH_CONNECTION=")?.to_vec()))
}

/// `CLIENT PORT SERVER PORT`
pub(super) fn client(connection: &[u8]) -> Option<String> {
    connection.split(|byte| *byte == b' ').next().and_then(hint)
}

/// Text of another program: on one line, and short.
pub(super) fn hint(bytes: &[u8]) -> Option<String> {
    let text = escape_within(&String::from_utf8_lossy(bytes), LONGEST);
    (!text.is_empty()).then_some(text)
}

/// By its number (`Documentation/admin-guide/devices.txt` of the kernel).
pub(super) fn terminal(major: i32, minor: i32) -> Option<String> {
    match (major, minor) {
        (136..=143, minor) => Some(format!("pts/{}", (major - 136) * 256 + minor)),
        (4, minor @ 0..=63) => Some(format!("tty{minor}")),
        (4, minor) => Some(format!("ttyS{}", minor - 64)),
        (229, minor) => Some(format!("hvc{minor}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_environment_says_is_on_one_line_and_short() {
        assert_eq!(client(b"192.0.2.7 51000 10.0.0.1 22").unwrap(), "192.0.2.7");
        assert_eq!(
            client(b"fe80::1%eth0 1 fe80::2 22").unwrap(),
            "fe80::1%eth0"
        );
        assert_eq!(client(b""), None);
        let environment = b"A=1\0X_SSH_CONNECTION=2\0SSH_CONNECTION=3 4\0B=5\0";
        assert_eq!(ssh_in(environment).unwrap(), b"3 4");
        assert_eq!(ssh_in(b"SSH_CONNECTIONS=1\0B="), None);
        assert_eq!(hint(b"\x1b[2Jx\n\xff").unwrap(), "\\u{1b}[2Jx\\n\u{fffd}");
        let long = hint(&[b'a'; 5000]).unwrap();
        assert_eq!(long.chars().count(), LONGEST);
        assert!(long.ends_with("..."));
    }

    #[test]
    fn terminals_have_names() {
        assert_eq!(terminal(136, 3).unwrap(), "pts/3");
        assert_eq!(terminal(137, 3).unwrap(), "pts/259");
        assert_eq!(terminal(4, 1).unwrap(), "tty1");
        assert_eq!(terminal(4, 64).unwrap(), "ttyS0");
        assert_eq!(terminal(0, 0), None);
    }
}
