//! Waits until the app no longer listens as before: then it has heeded the request to renew itself.

use crate::tcp::{self, Socket, TcpError};
use std::time::{Duration, Instant};

/// A process that is asked to renew itself stops listening within some milliseconds, on a busy
/// host some tens.
const TO_HEED: Duration = Duration::from_millis(100);

/// How often the agent looks for that.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// An app that renews itself on a signal, or on a command that sends one, goes on listening until
/// it handles the signal. A probe in that moment would find the old app healthy. A socket that is
/// gone, or new, is the proof. An app that keeps its socket gets a moment.
pub(super) async fn heeded(before: Result<Vec<Socket>, TcpError>, port: u16) {
    let asked = Instant::now();
    // A table that can't be read proves nothing.
    let as_before = || match (&before, tcp::listeners(port)) {
        (Ok(before), Ok(now)) => now == *before,
        _ => true,
    };
    while before != Ok(Vec::new()) && asked.elapsed() < TO_HEED && as_before() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// How long the wait took, with the listener after the signal.
    async fn takes(then: impl FnOnce(TcpListener) -> Option<TcpListener>) -> Duration {
        let app = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = app.local_addr().unwrap().port();
        let before = tcp::listeners(port);
        assert_eq!(before.as_ref().unwrap().len(), 1);
        let _after = then(app);
        let asked = Instant::now();
        heeded(before, port).await;
        asked.elapsed()
    }

    #[tokio::test]
    async fn an_app_that_listens_as_before_is_given_a_moment() {
        assert!(takes(Some).await >= TO_HEED);
    }

    #[tokio::test]
    async fn one_that_has_gone_or_listens_anew_is_not_waited_for() {
        assert!(takes(|_| None).await < TO_HEED);
        let anew = |app: TcpListener| {
            let at = app.local_addr().unwrap();
            drop(app);
            TcpListener::bind(at).ok()
        };
        assert!(takes(anew).await < TO_HEED);
        let no_listener = (Ok(Vec::new()), 1);
        let asked = Instant::now();
        heeded(no_listener.0, no_listener.1).await;
        assert!(asked.elapsed() < TO_HEED);
    }
}
