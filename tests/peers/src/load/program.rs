//! `lab-traffic`: users of all kinds at a steady rate until SIGTERM or for some seconds,
//! or one single request. Prints one JSON object.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use clap::{Parser, Subcommand};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::client::{Broken, Connection};
use super::users::Traffic;
use crate::now;

#[derive(Debug, Parser)]
struct Arguments {
    #[arg(long)]
    to: SocketAddr,
    #[arg(long, default_value = "/")]
    path: String,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Users of all kinds
    Load {
        /// Requests a second
        #[arg(long, default_value_t = 600.0)]
        rate: f64,
        /// Stop after so long; otherwise on SIGTERM
        #[arg(long)]
        seconds: Option<f64>,
    },
    /// One request
    Get {
        /// Value of the cookie SRV
        #[arg(long)]
        cookie: Option<String>,
    },
}

/// Runs it. It is in the library, because an example of the root package is not optimized.
#[tokio::main(flavor = "current_thread")]
pub async fn main() {
    let Arguments { to, path, what } = Arguments::parse();
    let answer = match what {
        What::Load { rate, seconds } => {
            let traffic = Traffic { to, rate, path };
            let summary = traffic.run(&stop_after(seconds)).await;
            json!(summary)
        }
        What::Get { cookie } => get(to, &path, cookie).await,
    };
    println!("{answer}");
}

async fn get(to: SocketAddr, path: &str, cookie: Option<String>) -> Value {
    let cookie = cookie.map_or_else(String::new, |value| format!("Cookie: SRV={value}\r\n"));
    let headers = cookie + "Connection: close\r\n";
    let started = now();
    let outcome = async {
        let mut connection = Connection::open(to).await?;
        connection.get(path, &headers).await
    };
    let outcome: Result<_, Broken> = outcome.await;
    let times = (started, now());
    match outcome {
        Ok(answer) => json!({
            "started_at": times.0, "ended_at": times.1, "status": answer.status,
            "body": String::from_utf8_lossy(&answer.body), "cookie": answer.cookie,
        }),
        Err(broken) => json!({
            "started_at": times.0, "ended_at": times.1, "status": 0, "body": broken.why,
        }),
    }
}

fn stop_after(seconds: Option<f64>) -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    let stop_on_signal = stop.clone();
    let signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM]);
    let mut signals = signals.expect("a signal handler");
    thread::spawn(move || {
        signals.forever().next();
        stop_on_signal.send_replace(true);
    });
    if let Some(seconds) = seconds {
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
            stop.send_replace(true);
        });
    }
    stopped
}
