use super::*;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

async fn with_lock() -> (Settings, TcpListener) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let text = format!(
        "[app.web]\nport = 1000\nstatus_port = 2000\nrestart = {{ command = [\"true\"] }}\n\
         [[haproxy]]\nsocket = \"/a\"\n[lock]\netcd = [\"http://127.0.0.1:{port}\"]\n"
    );
    let settings = crate::config::read(Path::new("/agent.toml"), &text);
    (settings.unwrap(), server)
}

/// The other looks end only once the server is asked.
#[tokio::test]
async fn the_lock_is_asked_while_the_looks_are_under_way() {
    let (settings, server) = with_lock().await;
    let looks = timeout(Duration::from_secs(5), server.accept());
    let (asked, lock) = Asks::WhileOn.with_lock(&settings, looks).await;
    assert!(asked.is_ok() && lock.is_some());
}

#[tokio::test]
async fn the_lock_is_not_asked_for_a_page_or_a_marker() {
    let (settings, server) = with_lock().await;
    let moment = timeout(Duration::from_millis(50), server.accept());
    let (asked, lock) = Asks::Always.with_lock(&settings, moment).await;
    assert!(asked.is_err() && lock.is_none());
}
