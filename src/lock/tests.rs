//! An operation's share of a FleetLock server that is slow, broken or away.

use super::engine::Asked;
use super::fleetlock::Fleetlock;
use super::*;
use crate::restart::{GroupLock, Phase, WhenAway};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// A server that answers all requests with one status.
#[derive(Clone)]
struct Server {
    port: u16,
    /// 0: it ends the connection without an answer.
    status: Arc<Mutex<u16>>,
    /// The last part of each path that was asked for.
    asked: Arc<Mutex<Vec<String>>>,
    /// It answers while it is open.
    open: Arc<Semaphore>,
}

impl Server {
    async fn start(status: u16) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server {
            port: listener.local_addr().unwrap().port(),
            status: Arc::new(Mutex::new(status)),
            asked: Arc::default(),
            open: Arc::new(Semaphore::new(1)),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.answer(stream).await });
            }
        });
        server
    }

    fn answers(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    async fn answer(&self, mut stream: TcpStream) {
        let mut request = Vec::new();
        // The end of the JSON.
        while !request.ends_with(b"}}") {
            match stream.read_buf(&mut request).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        let request = String::from_utf8(request).unwrap();
        let path = request.split(' ').nth(1).unwrap();
        let last = path.rsplit('/').next().unwrap();
        self.asked.lock().unwrap().push(last.to_owned());
        let _open = self.open.acquire().await.unwrap();
        let status = *self.status.lock().unwrap();
        if status != 0 {
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.ok();
        }
    }

    fn settings(&self) -> LockSettings {
        LockSettings {
            engine: Engine::Fleetlock(format!("http://127.0.0.1:{}", self.port).parse().unwrap()),
            group: "web".to_owned(),
            slots: 1,
            ttl: Duration::from_secs(60),
            when_away: WhenAway::Claims,
            host: Some("web1".to_owned()),
            tls: TlsFiles::default(),
        }
    }

    fn share(&self, owner: &Owner) -> Fleetlock {
        let settings = self.settings();
        Fleetlock::new(&settings.endpoints()[0], &settings, owner)
    }

    fn lock(&self) -> HostLock {
        let settings = self.settings();
        let owner = Owner::new(&settings, "web", "agent restart web".into(), "alice".into());
        HostLock::new(&settings, owner)
    }
}

/// Looks until the lock is as wanted.
async fn looks(lock: &mut HostLock, phase: &Phase, wanted: impl Fn(&GroupLock) -> bool) {
    let seen = async {
        while !wanted(&lock.look(phase)) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), seen).await.unwrap();
}

/// A host without the lock may give it back, and one that has it must.
#[tokio::test]
async fn what_the_server_may_have_given_is_given_back() {
    for (finishes, statuses, gives_back) in [
        (false, &[][..], false),
        (false, &[200], true),
        (false, &[423], false),
        (false, &[500, 423], true),
        (false, &[0], true),
        (false, &[0, 423], true),
        (false, &[504, 500], true),
        (true, &[], true),
        (true, &[423], true),
    ] {
        let server = Server::start(200).await;
        let owner = Owner {
            id: "web1/web".to_owned(),
            ..Owner::default()
        };
        let mut lock = server.share(&owner);
        if finishes {
            lock = lock.resumed();
        }
        for status in statuses {
            server.answers(*status);
            let held = lock.ask().await == Ok(Asked::Held(None));
            assert_eq!(held, *status == 200, "{statuses:?}");
        }
        server.answers(200);
        assert_eq!(lock.give_back().await, Ok(()));
        let last = server.asked().pop();
        let given_back = last.as_deref() == Some("steady-state");
        assert_eq!(given_back, gives_back, "{finishes} {statuses:?}");
        assert_eq!(
            server.asked().len(),
            statuses.len() + usize::from(gives_back)
        );
    }
}

/// The operation has gone on by its claim: the server may have given the lock all the same.
#[tokio::test]
async fn a_host_that_goes_on_without_the_lock_gives_it_back_at_the_end() {
    for (at_the_end, wanted) in [(200, None), (0, Some("web1/web"))] {
        let server = Server::start(0).await;
        let mut lock = server.lock();
        let is_away = |seen: &GroupLock| matches!(seen, GroupLock::Away { .. });
        looks(&mut lock, &Phase::Lock, is_away).await;
        assert_eq!(lock.look(&Phase::Claim), GroupLock::Unused);
        server.answers(at_the_end);
        let given_back = lock.give_back().await;
        assert_eq!(server.asked().pop().as_deref(), Some("steady-state"));
        match (wanted, given_back) {
            (None, given_back) => assert_eq!(given_back, Ok(())),
            (Some(id), given_back) => {
                let call = format!("\n    agent lock release {id} --force --reason ");
                let why = given_back.unwrap_err();
                assert!(why.contains(&call), "{why}");
            }
        }
    }
}

/// The gates are closed meanwhile.
#[tokio::test]
async fn a_host_that_finishes_a_restart_does_not_wait_for_the_server() {
    let server = Server::start(200).await;
    let closed = server.open.acquire().await.unwrap();
    let mut lock = server.lock();
    lock.resume(Duration::from_secs(20));
    let healthy = Phase::Healthy { streak: 0 };
    assert!(matches!(lock.look(&healthy), GroupLock::Asked { .. }));
    looks(&mut lock, &healthy, |_| !server.asked().is_empty()).await;
    assert!(matches!(lock.look(&healthy), GroupLock::Asked { .. }));
    drop(closed);
    looks(&mut lock, &healthy, |seen| *seen == GroupLock::Held).await;
    assert_eq!(lock.give_back().await, Ok(()));
    assert_eq!(server.asked(), ["pre-reboot", "steady-state"]);
}

/// The server would give the lock after it was given back, and keep it for ever.
#[tokio::test]
async fn it_is_given_back_only_after_the_answer_to_a_request_under_way() {
    let server = Server::start(200).await;
    let closed = server.open.acquire().await.unwrap();
    let mut lock = server.lock();
    looks(&mut lock, &Phase::Lock, |_| !server.asked().is_empty()).await;
    let mut gives_back = std::pin::pin!(lock.give_back());
    let early = timeout(Duration::from_millis(300), &mut gives_back).await;
    assert!(early.is_err(), "{early:?}");
    assert_eq!(server.asked(), ["pre-reboot"]);
    drop(closed);
    assert_eq!(gives_back.await, Ok(()));
    assert_eq!(server.asked(), ["pre-reboot", "steady-state"]);
}
