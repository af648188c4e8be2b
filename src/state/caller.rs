//! The caller: the user or unit that started an operation. These are hints for a later reader.
//! Root, who may run the agent, may set each of them freely.

use super::operation_id;
use crate::text::escape_within;
use nix::unistd::{Uid, User, getppid, getuid};
use procfs::process::Process;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::io::Read as _;

/// The most characters of each hint.
const LONGEST: usize = 64;

/// The most parents to ask for what `sudo` removes from the environment.
const PARENTS: usize = 16;

/// The most bytes to read of a parent's environment: it may be megabytes.
const ENVIRONMENT: u64 = 128 * 1024;

/// The kernel's number for "no user has logged in".
const NO_LOGIN: u32 = u32::MAX;

/// What this process knows of its caller without waiting. The names of users come later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallerIds {
    sidecar: bool,
    unit: Option<String>,
    uid: u32,
    login: Option<u32>,
    sudo_user: Option<String>,
    tty: Option<String>,
    ssh: Option<String>,
}

/// The caller, with names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caller {
    /// The sidecar, on its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sidecar: bool,
    /// The unit on whose behalf it was (`--owner`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The user: that of `sudo`, else that of the login, else that of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user of the process, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as: Option<String>,
    /// The terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    /// The address of the SSH client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh: Option<String>,
}

/// An operation's id, caller and reason, as known when it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    /// Its id. Empty: an older agent gave none.
    pub id: String,
    /// The caller.
    pub caller: CallerIds,
    /// In the operator's words.
    pub reason: Option<String>,
}

impl Origin {
    /// The caller of this process asked for it.
    pub fn by_caller(owner: Option<&str>, reason: Option<&str>) -> Origin {
        Origin::by(CallerIds::of_this_process(owner), reason)
    }

    /// The sidecar asked for it.
    pub fn by_sidecar() -> Origin {
        Origin::by(CallerIds::sidecar(), None)
    }

    fn by(caller: CallerIds, reason: Option<&str>) -> Origin {
        Origin {
            id: operation_id::new(),
            caller,
            reason: reason.map(str::to_owned),
        }
    }
}

impl CallerIds {
    fn sidecar() -> CallerIds {
        CallerIds {
            sidecar: true,
            ..CallerIds::default()
        }
    }

    /// Looks at this process and its environment. An SSH client may be in its parents'
    /// environment.
    fn of_this_process(owner: Option<&str>) -> CallerIds {
        let own = Process::myself().ok();
        let tty = own.as_ref().and_then(|own| Some(own.stat().ok()?.tty_nr()));
        let login = own.as_ref().and_then(|own| own.loginuid().ok());
        let variable = |name: &str| std::env::var_os(name).map(|value| value.into_encoded_bytes());
        let ssh = variable("SSH_CONNECTION").or_else(ssh_of_parents);
        CallerIds {
            sidecar: false,
            unit: owner.map(str::to_owned),
            uid: getuid().as_raw(),
            login: login.filter(|login| *login != NO_LOGIN),
            sudo_user: variable("SUDO_USER").and_then(|user| hint(&user)),
            tty: tty.and_then(|(major, minor)| terminal(major, minor)),
            ssh: ssh.and_then(|connection| client(&connection)),
        }
    }

    /// The sidecar, and no other caller.
    pub fn is_sidecar(&self) -> bool {
        self.sidecar
    }

    /// With the names of the users, as this host has them.
    pub fn named(&self) -> Caller {
        self.named_by(|uid| {
            let user = User::from_uid(Uid::from_raw(uid));
            user.ok().flatten().map(|user| user.name)
        })
    }

    fn named_by(&self, name: impl Fn(u32) -> Option<String>) -> Caller {
        if self.sidecar {
            return Caller {
                sidecar: true,
                ..Caller::default()
            };
        }
        let name = |uid: u32| {
            let name = name(uid).and_then(|name| hint(name.as_bytes()));
            name.unwrap_or_else(|| format!("uid {uid}"))
        };
        let own = name(self.uid);
        let login = || self.login.map(name);
        let user = self.sudo_user.clone().or_else(login);
        let user = user.unwrap_or_else(|| own.clone());
        Caller {
            sidecar: false,
            unit: self.unit.clone(),
            run_as: (own != user).then_some(own),
            user: Some(user),
            tty: self.tty.clone(),
            ssh: self.ssh.clone(),
        }
    }
}

impl Caller {
    /// In one word.
    pub fn brief(&self) -> &str {
        match (self.sidecar, &self.unit, &self.user) {
            (true, _, _) => "sidecar",
            (false, Some(unit), _) => unit,
            (false, None, Some(user)) => user,
            (false, None, None) => "somebody",
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sidecar {
            return f.write_str("the sidecar (agent run)");
        }
        f.write_str(self.user.as_deref().unwrap_or("somebody"))?;
        let hints = [
            ("as", &self.run_as),
            ("for", &self.unit),
            ("on", &self.tty),
            ("from", &self.ssh),
        ];
        let hints = hints
            .iter()
            .filter_map(|(word, hint)| Some((word, hint.as_ref()?)));
        hints
            .into_iter()
            .try_for_each(|(word, hint)| write!(f, " {word} {hint}"))
    }
}

/// `sudo` passes on no variable that it does not know, but a parent of it has the SSH client's.
fn ssh_of_parents() -> Option<Vec<u8>> {
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
fn client(connection: &[u8]) -> Option<String> {
    connection.split(|byte| *byte == b' ').next().and_then(hint)
}

/// Text of another program: on one line, and short.
fn hint(bytes: &[u8]) -> Option<String> {
    let text = escape_within(&String::from_utf8_lossy(bytes), LONGEST);
    (!text.is_empty()).then_some(text)
}

/// By its number (`Documentation/admin-guide/devices.txt` of the kernel).
fn terminal(major: i32, minor: i32) -> Option<String> {
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

    fn caller(sudo_user: Option<&str>, login: Option<u32>, uid: u32) -> CallerIds {
        CallerIds {
            uid,
            login,
            sudo_user: sudo_user.map(str::to_owned),
            ..CallerIds::default()
        }
    }

    fn named(caller: &CallerIds) -> String {
        let name = |uid| match uid {
            0 => Some("root".to_owned()),
            1000 => Some("alice".to_owned()),
            _ => None,
        };
        caller.named_by(name).to_string()
    }

    #[test]
    fn the_user_is_that_of_sudo_else_of_the_login_else_of_the_process() {
        for (sudo, login, uid, expected) in [
            (Some("bob"), Some(1000), 0, "bob as root"),
            (None, Some(1000), 0, "alice as root"),
            (None, Some(0), 0, "root"),
            (None, None, 0, "root"),
            (None, None, 4711, "uid 4711"),
            (None, Some(4711), 0, "uid 4711 as root"),
            (Some("root"), None, 0, "root"),
        ] {
            assert_eq!(named(&caller(sudo, login, uid)), expected);
        }
        let all = CallerIds {
            unit: Some("web.service".to_owned()),
            tty: Some("pts/3".to_owned()),
            ssh: Some("192.0.2.7".to_owned()),
            ..caller(Some("bob"), None, 0)
        };
        assert_eq!(
            named(&all),
            "bob as root for web.service on pts/3 from 192.0.2.7"
        );
        assert_eq!(all.named().brief(), "web.service");
        assert_eq!(named(&CallerIds::sidecar()), "the sidecar (agent run)");
        assert_eq!(CallerIds::sidecar().named().brief(), "sidecar");
    }

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
