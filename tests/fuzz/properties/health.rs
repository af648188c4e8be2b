//! An app's answer to the HTTP request of the health check.

use haproxy_gate::app::{Health, HealthCheck};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

const LIMIT: Duration = Duration::from_secs(2);

/// Takes the bytes for the app's answer. It may come in pieces, and the app may close the
/// connection after it or keep it.
pub fn check(data: &[u8]) {
    for wanted in [None, Some(204)] {
        let health = Health {
            check: HealthCheck::Http {
                path: "/healthz".to_owned(),
                status: wanted,
                host: None,
                tls: None,
                proxy: None,
            },
            times: 1,
            timeout: LIMIT,
        };
        let good = answered(data).is_some_and(|status| match wanted {
            None => (200..400).contains(&status),
            Some(only) => status == only,
        });
        let healthy = |answer| probe(&health, data, answer);
        let closes = healthy(Answer {
            piece: usize::MAX,
            keeps: false,
        });
        let pieces = healthy(Answer {
            piece: 7,
            keeps: false,
        });
        let keeps = healthy(Answer {
            piece: usize::MAX,
            keeps: true,
        });
        assert!(!closes || good, "healthy without a good answer");
        // How the answer arrives and what follows it does not count.
        assert_eq!((pieces, keeps), (closes, closes));
    }
}

#[derive(Clone, Copy)]
struct Answer {
    piece: usize,
    keeps: bool,
}

/// One real probe. The clock jumps ahead as soon as there is nothing else to do.
fn probe(health: &Health, data: &[u8], answer: Answer) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let address = "10.0.0.11:1000".parse().expect("an address");
    runtime.expect("a runtime").block_on(async {
        let (client, server) = duplex(64 * 1024);
        let begin = Instant::now();
        let probe = health.ask(client, address, begin + LIMIT);
        let (result, ()) = tokio::join!(probe, serve(server, data, answer));
        assert!(
            begin.elapsed() <= LIMIT + Duration::from_millis(2),
            "{:?}",
            begin.elapsed()
        );
        if let Err(error) = &result {
            super::assert_printable(error);
        }
        result.is_ok()
    })
}

/// The app: reads the request and answers, whatever the request is.
async fn serve(mut stream: DuplexStream, data: &[u8], answer: Answer) {
    let _ = stream.read(&mut [0; 1024]).await;
    for piece in data.chunks(answer.piece.min(data.len()).max(1)) {
        if stream.write_all(piece).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    if answer.keeps {
        // Until the other side has closed.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
}

/// The status of the first answer that is not interim (RFC 9110, 15.2) and has a whole head.
fn answered(mut data: &[u8]) -> Option<u16> {
    loop {
        // Empty lines ahead of the status line are tolerated (RFC 9112, 2.2).
        while let [b'\r' | b'\n', rest @ ..] = data {
            data = rest;
        }
        let end = [&b"\n\n"[..], b"\n\r\n"]
            .into_iter()
            .filter_map(|end| find(data, end));
        let end = end.min()?;
        let line = data
            .strip_prefix(b"HTTP/1.0 ")
            .or(data.strip_prefix(b"HTTP/1.1 "))?;
        let (digits, after) = line.split_at_checked(3)?;
        let status = std::str::from_utf8(digits).ok()?.parse().ok()?;
        let interim = (100..200).contains(&status) && status != 101;
        if !matches!(after.first(), Some(b' ' | b'\r' | b'\n')) {
            return None;
        }
        if !interim {
            return Some(status);
        }
        data = &data[end..];
    }
}

/// The position in `data` behind the first `end`.
fn find(data: &[u8], end: &[u8]) -> Option<usize> {
    let at = data.windows(end.len()).position(|window| window == end)?;
    Some(at + end.len())
}
