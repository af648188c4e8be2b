//! The HAProxy to run: the installed one, or that of another Debian, from its root folder.

use std::env;
use std::process::Command;

use super::debian_root;
use super::namespace::Namespace;
use super::site;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// This machine's own: 2.6 on Debian 12.
    Installed,
    Debian13,
    Sid,
}

/// `HERE THERE ROOT COMMAND...`: mounts HERE and THERE at the same paths inside. Each step replaces
/// the one before, so HAProxy is the child itself, and the mounts go with it.
const INSIDE: &str = r#"
    root=$3
    for folder in "$1" "$2"; do
        mkdir -p "$root$folder"
        mount --bind "$folder" "$root$folder"
    done
    shift 3
    exec chroot "$root" "$@"
"#;

impl Release {
    /// HAProxy in a namespace, with the lab's folders in any root folder.
    pub fn haproxy(self, namespace: &Namespace) -> Command {
        self.started_by(|program| namespace.command(program))
    }

    /// HAProxy without users: `haproxy -c`.
    pub fn idle(self) -> Command {
        self.started_by(|program| Command::new(program))
    }

    fn started_by(self, command: impl Fn(&str) -> Command) -> Command {
        let (folder, made_by) = match self {
            Release::Installed => return command("haproxy"),
            Release::Debian13 => ("debian-13+haproxy", "trixie haproxy"),
            Release::Sid => ("debian-sid+haproxy", "sid haproxy"),
        };
        let root = debian_root::require(folder, made_by);
        let mut command = command("unshare");
        command.args(["--mount", "--propagation", "private", "--"]);
        command.args(["sh", "-ec", INSIDE, "sh"]);
        command.arg(env::temp_dir()).arg(site::folder());
        command.arg(root).arg("haproxy");
        command
    }

    /// A test with another HAProxy than intended would be worthless.
    pub fn assert_is(self, version: &str) {
        let expected = match self {
            Release::Installed => return,
            Release::Debian13 => "3.0.",
            Release::Sid => "3.2.",
        };
        assert!(
            version.starts_with(expected),
            "{self:?} has HAProxy {version}, where the tests expect {expected}x"
        );
    }
}
