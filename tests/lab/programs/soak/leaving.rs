//! HAProxy reloads while users have requests in flight, and the agent has no master socket: it only
//! counts connections to know what the leaving worker carries.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::Duration;

use crate::round::Round;
use lab::site::BALANCER;
use lab::underway::Underway;

/// By then the leaving worker has its requests.
const ARRIVED: Duration = Duration::from_millis(300);

pub fn counted(round: &mut Round) {
    let boot = round.fleet.app(round.number).boots().pop();
    let boot = boot.expect("an app that has booted");
    let (user, kind) = user(round);
    // A stream to another host: the leaving worker lives on, with idle connections to this one.
    let beside = round.one_in(2).then(|| {
        let (number, length) = (round.another(), round.millis(5000..9000));
        stream(round, number, "", length)
    });
    sleep(ARRIVED);
    round.reload();
    let operation = round.start("restart");
    let beside_it = if beside.is_some() {
        ", and another"
    } else {
        ""
    };
    round.end(operation, &format!("reload: {kind}{beside_it}"), &[0]);
    round.booted(1..=1);
    let got = user.got();
    let stopped = round.fleet.app(round.number).stopped(&boot);
    if stopped.is_some_and(|at| at < got.ended_at) {
        round.violated(&format!("an app restarted during {kind}"));
    }
    for got in [Some(got), beside.map(Underway::got)].into_iter().flatten() {
        if !got.is_whole() {
            round.account.unanswered += 1;
            let last = got.text.lines().last();
            round.violated(&format!("{kind} was cut, after {last:?}"));
        }
    }
}

/// A sticky user of the host.
fn user(round: &mut Round) -> (Underway, &'static str) {
    let length = round.millis(3000..7000);
    let (from, number) = (&round.fleet.site.balancer, round.number);
    match round.rng.u32(0..3) {
        0 => {
            round.account.slow += 1;
            let upload = Underway::sticky_upload(from, to(), length, &format!("w{number}"));
            (upload, "an upload")
        }
        1 => (stream(round, number, "busy&", length), "a busy stream"),
        _ => (stream(round, number, "", length), "a silent stream"),
    }
}

fn stream(round: &mut Round, number: usize, how: &str, length: Duration) -> Underway {
    round.account.slow += 1;
    let path = format!("/stream?{how}ms={}", length.as_millis());
    let from = &round.fleet.site.balancer;
    Underway::sticky_stream(from, to(), &path, &format!("w{number}"))
}

fn to() -> SocketAddr {
    SocketAddr::new(BALANCER.parse().expect("an address"), 80)
}
