//! A reload of HAProxy while requests and streams are under way, and then a restart of every host,
//! by an agent that counts connections or asks the master. The restart kills the app: a request
//! that is still in flight is lost.

use std::net::SocketAddr;
use std::time::Duration;

use lab::kinds::{self, Kind, Kinds, Layout};
use lab::release::Release;
use lab::settings::Settings;
use lab::site::{BALANCER, Host};
use lab::traffic::Traffic;
use lab::underway::Underway;

/// Long enough that every agent sees it for seconds.
const LENGTH: Duration = Duration::from_secs(10);

#[test]
fn each_kind_is_drained_in_one_layout() {
    wait_for_all_kinds(Release::Installed, "leaving_one", 0, counted);
}

#[test]
fn each_kind_is_drained_in_another_layout() {
    wait_for_all_kinds(Release::Installed, "leaving_two", 1, counted);
}

#[test]
fn each_kind_is_drained_in_the_third_layout() {
    wait_for_all_kinds(Release::Installed, "leaving_three", 2, counted);
}

#[test]
fn each_kind_is_drained_by_the_master() {
    wait_for_all_kinds(Release::Installed, "leaving_master", 0, by_the_master);
}

/// The agent counts the connections.
pub fn counted(_: &Kinds, settings: Settings) -> Settings {
    settings
}

/// The agent asks the master CLI.
pub fn by_the_master(kinds: &Kinds, settings: Settings) -> Settings {
    settings.master(kinds.haproxy.master())
}

/// Each kind in each layout: three rolls of nine hosts.
pub fn wait_in_every_combination(
    release: Release,
    test: &str,
    change: impl Fn(&Kinds, Settings) -> Settings,
) {
    (0..3).for_each(|turn| wait_for_all_kinds(release, test, turn, &change));
}

/// Nine hosts with one request or stream each, one reload, and nine restarts at once.
pub fn wait_for_all_kinds(
    release: Release,
    test: &str,
    turn: usize,
    change: impl Fn(&Kinds, Settings) -> Settings,
) {
    let kinds = Kinds::start(release, test, turn);
    kinds.open_gates();
    let users: Vec<Underway> = kinds
        .all()
        .map(|(one, host)| user(&kinds, one.kind, host))
        .collect();
    kinds.haproxy.wait_until("all to be under way", |lines| {
        let busy = lines.iter().filter(|line| line.number("scur") > 0);
        busy.count() == users.len()
    });
    kinds.haproxy.reload();
    // The twin of the classic layout goes on serving. (In mode tcp, users who keep their
    // connections would stay on the main line.)
    let classic = kinds
        .all()
        .filter(|(one, _)| one.layout == Layout::Classic && one.kind != Kind::Tcp);
    let _traffic: Vec<Traffic> = classic.map(|(_, host)| traffic(&kinds, host)).collect();
    let agents = kinds.all().map(|(one, host)| {
        let agent = kinds.agent(one, host, |settings| change(&kinds, settings));
        agent.start("restart", "web")
    });
    let agents: Vec<_> = agents.collect();
    for ((user, agent), (one, _)) in users.into_iter().zip(agents).zip(kinds.all()) {
        let of = format!("{:?}, {:?}", one.kind, one.layout);
        let got = user.got();
        let ended = agent.wait();
        assert_eq!(ended.exit, 0, "{of}: {}{}", ended.out, ended.err);
        let report = ended.report();
        // The restart kills the app, so the app had given all of a whole answer before it. What is
        // between it and HAProxy goes on.
        assert!(got.is_whole(), "{of}: {got:?}, {report:?}");
        let waited = got.ended_at - report.began("drain");
        assert!(
            waited > 2.0,
            "{of}: it was seen for {waited} s only: {report:?}"
        );
        assert_eq!(one.app.boots().len(), 2, "{of}");
    }
}

fn user(kinds: &Kinds, kind: Kind, host: &Host) -> Underway {
    let (from, to, ms) = (&kinds.site.balancer, at(host), LENGTH.as_millis());
    match kind {
        Kind::Upload => Underway::upload(from, to, LENGTH),
        Kind::BusyStream => Underway::stream(from, to, &format!("/stream?busy&ms={ms}")),
        Kind::SilentStream => Underway::stream(from, to, &format!("/stream?ms={ms}")),
        Kind::Http | Kind::Http2 | Kind::Tls | Kind::TlsHttp2 | Kind::Container | Kind::Tcp => {
            Underway::get(from, to, &format!("/slow?ms={ms}"))
        }
    }
}

fn traffic(kinds: &Kinds, host: &Host) -> Traffic {
    Traffic::start(&kinds.site.balancer, &at(host).to_string(), "/", 20.0)
}

fn at(host: &Host) -> SocketAddr {
    let ip = BALANCER.parse().expect("an address");
    SocketAddr::new(ip, kinds::port(host))
}
