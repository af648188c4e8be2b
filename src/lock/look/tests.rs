//! What a look and a release ask of etcd, with a server that notes the requests.

use super::*;
use crate::lock::{Endpoint, HostLock, TlsFiles};
use crate::restart::{GroupLock, Phase, WhenAway};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

const HOSTS: usize = 40;

/// The paths that it was asked for.
type Asked = Arc<Mutex<Vec<String>>>;

/// A member of etcd that answers with this status, and has these keys in its queue.
async fn member(status: u16, keys: Vec<Value>) -> (Endpoint, Asked) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let asked = Asked::default();
    let paths = asked.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = server.accept().await {
            answer(stream, status, &keys, &paths).await;
        }
    });
    let member = format!("http://127.0.0.1:{port}").parse().unwrap();
    (member, asked)
}

fn settings(members: Vec<Endpoint>) -> LockSettings {
    LockSettings {
        engine: Engine::Etcd(members),
        group: "web".to_owned(),
        slots: 1,
        ttl: Duration::from_secs(60),
        when_away: WhenAway::Refuse,
        host: Some("web1".to_owned()),
        tls: TlsFiles::default(),
    }
}

/// One with many hosts in its queue.
async fn etcd() -> (LockSettings, Asked) {
    let keys = (0..HOSTS).map(|number| key(&format!("web{number}"), ""));
    let (member, asked) = member(200, keys.collect()).await;
    (settings(vec![member]), asked)
}

/// The requests are short, so one read has all that matters: the path.
async fn answer(mut stream: TcpStream, status: u16, keys: &[Value], paths: &Asked) {
    let mut request = vec![0; 4096];
    let length = stream.read(&mut request).await.unwrap();
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let body = match path.as_str() {
        "/v3/kv/range" => json!({"kvs": keys}),
        "/v3/lease/grant" => json!({"ID": "1", "TTL": "1"}),
        "/v3/kv/txn" => json!({"succeeded": true}),
        _ => json!({"TTL": "7"}),
    };
    paths.lock().unwrap().push(path);
    let body = body.to_string();
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all((head + &body).as_bytes()).await.unwrap();
}

fn key(host: &str, value: &str) -> Value {
    let name = STANDARD.encode(format!("/haproxy-gate/web/{host}/web"));
    json!({"key": name, "value": STANDARD.encode(value), "mod_revision": "1", "lease": "1"})
}

fn ends(seen: LockLook) -> Vec<Option<u64>> {
    match seen {
        LockLook::Queue(queue) => queue.iter().map(|place| place.ends_in).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_long_queue_takes_one_request() {
    let (settings, asked) = etcd().await;
    assert_eq!(ends(look(&settings).await), vec![None; HOSTS]);
    assert_eq!(*asked.lock().unwrap(), ["/v3/kv/range"]);
}

#[tokio::test]
async fn the_ends_take_one_more_for_each_operation() {
    let (settings, asked) = etcd().await;
    assert_eq!(ends(look_with_ends(&settings).await), vec![Some(7); HOSTS]);
    assert_eq!(asked.lock().unwrap().len(), 1 + HOSTS);
}

/// A proxy before a member answers so in its place.
#[tokio::test]
async fn a_member_that_gives_no_answer_is_passed_over() {
    for status in [408, 429, 500, 503] {
        let (silent, _) = member(status, Vec::new()).await;
        let (other, _) = member(200, vec![key("web1", "")]).await;
        let seen = look(&settings(vec![silent.clone(), other])).await;
        assert!(
            matches!(&seen, LockLook::Queue(queue) if queue.len() == 1),
            "{status}: {seen:?}"
        );
        let alone = look(&settings(vec![silent])).await;
        let LockLook::Away(why) = alone else {
            panic!("{status}: {alone:?}");
        };
        assert!(why.contains(&format!("status {status}")), "{why}");
    }
}

/// Two hosts of one name: what one of them has left is not the other one's lock. An operator may take either.
#[tokio::test]
async fn what_another_machine_has_is_not_given_back() {
    let removes = ["/v3/kv/range", "/v3/kv/txn"];
    for (ours, theirs, asks) in [
        ("a", "a", &removes[..]),
        ("a", "", &removes[..]),
        ("", "b", &removes[..]),
        ("a", "b", &removes[..1]),
    ] {
        let value = format!(r#"{{"id":"web1/web","machine":"{theirs}"}}"#);
        let (etcd, asked) = member(200, vec![key("web1", &value)]).await;
        let settings = settings(vec![etcd]);
        let owner = Owner {
            id: settings.id("web"),
            machine: ours.to_owned(),
            ..Owner::default()
        };
        release_of(&settings, &owner).await.unwrap();
        assert_eq!(*asked.lock().unwrap(), asks, "{ours} {theirs}");
        asked.lock().unwrap().clear();
        let released = release(&settings, "web1/web").await.unwrap();
        assert!(matches!(released, Release::Done(_)), "{released:?}");
        assert_eq!(*asked.lock().unwrap(), removes);
    }
}

/// The agent was stopped for longer than its lease, right after it got the lock. It has changed nothing yet.
#[tokio::test]
async fn a_lock_that_is_lost_before_the_operation_goes_on_is_asked_for_anew() {
    let (etcd, asked) = member(200, vec![key("web1", "")]).await;
    let settings = settings(vec![etcd]);
    let owner = Owner::new(&settings, "web", "agent restart web".into(), String::new());
    let mut lock = HostLock::new(&settings, owner);
    for _ in 0..2 {
        while lock.look(&Phase::Lock) != GroupLock::Held {
            sleep(Duration::from_millis(5)).await;
        }
        // Its lease is of a second, and is renewed every 20.
        while lock.look(&Phase::Lock) == GroupLock::Held {
            sleep(Duration::from_millis(5)).await;
        }
    }
    let paths = asked.lock().unwrap();
    let grants = paths.iter().filter(|path| *path == "/v3/lease/grant");
    assert_eq!(grants.count(), 2);
}
