//! Asks the members of etcd, one after the other until one answers.

use crate::lock::endpoint::Endpoint;
use crate::lock::files::TlsFiles;
use crate::lock::http::{Answer, Post, send};
use crate::lock::settings::LockSettings;
use std::time::Duration;

/// The members, and which of them has answered last.
pub(in crate::lock) struct Client {
    members: Vec<Endpoint>,
    files: TlsFiles,
    limit: Duration,
    last: usize,
}

impl Client {
    pub(in crate::lock) fn new(settings: &LockSettings) -> Client {
        Client {
            members: settings.endpoints().to_vec(),
            files: settings.tls.clone(),
            limit: settings.limit(),
            last: 0,
        }
    }

    /// Asks the member that has answered last, then the other ones.
    pub(super) async fn ask(&mut self, post: &Post) -> Result<Answer, String> {
        let mut why = Vec::new();
        for turn in 0..self.members.len() {
            let at = (self.last + turn) % self.members.len();
            let member = &self.members[at];
            match send(member, &self.files, post, self.limit).await {
                Ok(answer) if is_no_answer(answer.status) => {
                    let said = answer.body.lines().next().unwrap_or_default();
                    let said = crate::text::escape(said);
                    why.push(format!("{member}: status {}: {said}", answer.status));
                }
                Ok(answer) => {
                    self.last = at;
                    return Ok(answer);
                }
                Err(error) => why.push(error),
            }
        }
        Err(why.join("; "))
    }
}

/// A member without a majority behind it answers with an error of the server. A proxy before it answers 408
/// if the member is slow, and 429 if there are too many requests.
fn is_no_answer(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..)
}
