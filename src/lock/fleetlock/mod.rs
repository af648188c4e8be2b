//! The lock in a server of the FleetLock protocol: airlock, and others. It has no TTL, and a host that
//! has it may ask again.

use super::endpoint::Endpoint;
use super::engine::{Asked, Kept};
use super::http::{Answer, Post, send};
use super::owner::Owner;
use super::settings::LockSettings;
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinHandle;

/// One operation's share of the lock.
pub(super) struct Fleetlock {
    server: Endpoint,
    settings: LockSettings,
    id: String,
    /// It may be ours at the server. A host without it may give it back, too.
    may_have_it: bool,
    /// A request for it that has no answer yet. It goes on if its look is dropped.
    asking: Option<JoinHandle<Result<Answer, String>>>,
}

impl Fleetlock {
    pub(super) fn new(server: &Endpoint, settings: &LockSettings, owner: &Owner) -> Fleetlock {
        Fleetlock {
            server: server.clone(),
            settings: settings.clone(),
            id: owner.id.clone(),
            may_have_it: false,
            asking: None,
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
        let before_this = self.asking.take();
        let sending = before_this.unwrap_or_else(|| tokio::spawn(self.send("/v1/pre-reboot")));
        let answer = self.asking.insert(sending).await;
        self.asking = None;
        let answer = answer.unwrap_or_else(|error| Err(error.to_string()))?;
        self.may_have_it = before || may_be_ours(&answer);
        match asked(&answer) {
            Ok(Asked::Refused(why)) => Ok(Asked::Refused(self.at(&why))),
            Err(why) => Err(self.at(&why)),
            asked => asked,
        }
    }

    /// The server keeps it until it is given back.
    pub(super) fn keep() -> Kept {
        Kept::Always
    }

    /// A request under way is waited for: the server would give the lock after it was given back, and
    /// keep it.
    pub(super) async fn give_back(&mut self) -> Result<(), String> {
        if let Some(asking) = self.asking.take() {
            let _ = asking.await;
        }
        match std::mem::take(&mut self.may_have_it) {
            true => self.release().await,
            false => Ok(()),
        }
    }

    /// Gives back what an operation with this id may have left.
    pub(super) async fn release(&mut self) -> Result<(), String> {
        match self.send("/v1/steady-state").await? {
            answer if answer.status == 200 && !is_page(&answer) => Ok(()),
            answer => Err(self.at(&said(&answer))),
        }
    }

    /// With the server's address, as an error of the connection has it.
    fn at(&self, why: &str) -> String {
        format!("{}: {why}", self.server)
    }

    fn send(
        &self,
        path: &'static str,
    ) -> impl Future<Output = Result<Answer, String>> + Send + use<> {
        let (server, settings) = (self.server.clone(), self.settings.clone());
        let post = request(path, &self.id, &settings.group);
        async move { send(&server, &settings.tls, &post, settings.limit()).await }
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
/// broken, and 400 if it does not know the group; other servers answer 423, 409 or 202 if it is full.
/// Err: the server is away. A proxy answers in its place, or limits the rate of requests.
fn asked(answer: &Answer) -> Result<Asked, String> {
    match answer.status {
        408 | 429 | 501.. => Err(said(answer)),
        // The address may be wrong: of a page that is not there, or for others.
        300..=499 if is_page(answer) => Ok(Asked::Refused(said(answer))),
        _ if is_page(answer) => Err(said(answer)),
        200 => Ok(Asked::Held(None)),
        202 | 409 | 423 | 500 => Ok(Asked::Full(vec![format!(
            "another host ({})",
            said(answer)
        )])),
        _ => Ok(Asked::Refused(said(answer))),
    }
}

/// HTML or XML: a proxy's error, its login, or a website.
fn is_page(answer: &Answer) -> bool {
    answer
        .body
        .trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with('<')
}

/// An error may come from between, after the server has given the lock: a proxy's own, or airlock's 500
/// if its etcd answered too late.
fn may_be_ours(answer: &Answer) -> bool {
    matches!(answer.status, 200 | 408 | 500..)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Said {
    kind: String,
    value: String,
}

fn said(answer: &Answer) -> String {
    if is_page(answer) {
        let status = answer.status;
        return format!("it answers {status} with a web page: a proxy, or no FleetLock server");
    }
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
mod tests;
