//! The lock in a server of the FleetLock protocol: airlock, and others. It has no TTL, and a host that
//! has it may ask again.

use super::engine::{Asked, Kept};
use super::http::{Answer, Post, send};
use super::owner::Owner;
use super::settings::{Engine, LockSettings};
use serde::Deserialize;
use serde_json::json;

/// One operation's share of the lock.
pub(super) struct Fleetlock {
    settings: LockSettings,
    id: String,
    /// It may be ours at the server. A host without it may give it back, too.
    may_have_it: bool,
}

impl Fleetlock {
    pub(super) fn new(settings: &LockSettings, owner: &Owner) -> Fleetlock {
        Fleetlock {
            settings: settings.clone(),
            id: owner.id.clone(),
            may_have_it: false,
        }
    }

    /// The same for an operation that finishes another, which may have left the lock.
    pub(super) fn resumed(self) -> Fleetlock {
        Fleetlock {
            may_have_it: true,
            ..self
        }
    }

    pub(super) async fn ask(&mut self) -> Result<Asked, String> {
        let before = std::mem::replace(&mut self.may_have_it, true);
        let answer = self.send("/v1/pre-reboot").await?;
        self.may_have_it = before || may_be_ours(&answer);
        Ok(asked(&answer))
    }

    /// The server keeps it until it is given back.
    pub(super) fn keep() -> Kept {
        Kept::Always
    }

    pub(super) async fn give_back(&mut self) -> Result<(), String> {
        match std::mem::take(&mut self.may_have_it) {
            true => self.release().await,
            false => Ok(()),
        }
    }

    /// Gives back what an operation with this id may have left.
    pub(super) async fn release(&mut self) -> Result<(), String> {
        match self.send("/v1/steady-state").await? {
            Answer { status: 200, .. } => Ok(()),
            answer => Err(said(&answer)),
        }
    }

    async fn send(&self, path: &'static str) -> Result<Answer, String> {
        let Engine::Fleetlock(server) = &self.settings.engine else {
            return Err("internal error: no server of FleetLock".to_owned());
        };
        let post = request(path, &self.id, &self.settings.group);
        send(server, &self.settings.tls, &post, self.settings.limit()).await
    }
}

fn request(path: &'static str, id: &str, group: &str) -> Post {
    let body = json!({ "client_params": { "id": id, "group": group } });
    Post {
        path,
        header: Some(("fleet-lock-protocol", "true")),
        body: body.to_string(),
    }
}

/// Only 200 means that the lock is ours. airlock answers 500 both if it is full and if its etcd is
/// broken; other servers answer 423, 409 or 202 if it is full.
fn asked(answer: &Answer) -> Asked {
    match answer.status {
        200 => Asked::Held(None),
        _ => Asked::Full(vec![format!("another host ({})", said(answer))]),
    }
}

/// A proxy answers 502 to 504, and the server behind it may have given the lock.
fn may_be_ours(answer: &Answer) -> bool {
    matches!(answer.status, 200 | 502..=504)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Said {
    kind: String,
    value: String,
}

fn said(answer: &Answer) -> String {
    let said: Said = serde_json::from_str(&answer.body).unwrap_or_default();
    let words = match (said.kind.as_str(), said.value.as_str()) {
        ("", "") => answer.body.lines().next().unwrap_or_default().to_owned(),
        (kind, "") => kind.to_owned(),
        (kind, value) => format!("{kind}: {value}"),
    };
    let status = answer.status;
    match words.trim() {
        "" => format!("the server answers {status}"),
        words => format!(
            "the server answers {status} {}",
            crate::text::escape_within(words, 200)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_protocols() {
        let post = request("/v1/pre-reboot", "web1/web", "web");
        assert_eq!(post.header, Some(("fleet-lock-protocol", "true")));
        let wanted = r#"{"client_params":{"group":"web","id":"web1/web"}}"#;
        assert_eq!(post.body, wanted);
    }

    #[test]
    fn only_200_means_that_the_lock_is_ours() {
        let failed = r#"{"kind":"failed_lock","value":"semaphore currently full, all slots are locked already"}"#;
        for (status, body, words) in [
            (
                500,
                failed,
                "500 failed_lock: semaphore currently full, all slots are locked already",
            ),
            (423, "", "423"),
            (409, r#"{"kind":"locked"}"#, "409 locked"),
            (202, "wait\nmore", "202 wait"),
            (404, "", "404"),
        ] {
            let answer = Answer {
                status,
                body: body.to_owned(),
            };
            let by = format!("another host (the server answers {words})");
            assert_eq!(asked(&answer), Asked::Full(vec![by]));
        }
        let held = Answer {
            status: 200,
            body: String::new(),
        };
        assert_eq!(asked(&held), Asked::Held(None));
    }
}
