//! What a process knows of its caller without waiting.

use super::Caller;
use super::hints::{client, hint, ssh_of_parents, terminal};
use nix::unistd::{Uid, User, getuid};
use procfs::process::Process;
use serde::{Deserialize, Serialize};

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

impl CallerIds {
    pub(super) fn sidecar() -> CallerIds {
        CallerIds {
            sidecar: true,
            ..CallerIds::default()
        }
    }

    /// Looks at this process and its environment. An SSH client may be in its parents'
    /// environment.
    pub(super) fn of_this_process(owner: Option<&str>) -> CallerIds {
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
}
