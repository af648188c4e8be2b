//! Maintenance of three hosts under traffic: users meet the app or the page, never an error, and each
//! command returns once that is so.

mod ends;
mod killed;
mod releases;

use std::thread::sleep;
use std::time::{Duration, Instant};

use lab::agent::{Agent, Ended, Running};
use lab::fleet::{Fleet, Layout, NUMBERS};
use lab::load::client::PAGE;
use lab::load::record::Summary;
use lab::reference::Reference;
use lab::release::Release;
use lab::report::Report;
use lab::settings::Settings;
use lab::sidecar::Sidecar;
use lab::targets::{Farm, GREEN, Lines};
use lab::traffic::Traffic;
use lab::wait_for;
use nix::sys::signal::Signal;

/// Two rounds; `scripts/soak` tries ten.
#[test]
fn users_meet_the_page_and_then_the_app_again() {
    on_and_off(Release::Installed, "page_rounds", 2);
}

#[test]
#[ignore = "scripts/soak runs it"]
fn ten_times() {
    on_and_off(Release::Installed, "page_ten", 10);
}

/// Users after a command that has returned, and HAProxy's reloads meanwhile.
const AFTER: Duration = Duration::from_millis(700);

/// Three hosts with `agent page`.
pub(super) struct Paged {
    pages: Vec<Running>,
    pub(super) fleet: Fleet,
}

impl Paged {
    pub(super) fn open(release: Release, test: &str) -> Paged {
        let last = "    server bkp3 10.77.0.13:1000 cookie w3 port 3000 backup\n";
        let lines = NUMBERS.map(|number| {
            format!("    server page{number} 10.77.0.1{number}:1009 port 2009 backup\n")
        });
        // HAProxy removes the cookie of a user whom a line without a cookie serves.
        let keep = "    http-after-response del-header Set-Cookie if { status 503 } { \
                    res.hdr(retry-after) -m found }\n";
        let all = format!("{last}{}{keep}", lines.concat());
        let with_pages = |reference: Reference| reference.with(last, &all);
        let mut paged = Paged {
            pages: Vec::new(),
            fleet: Fleet::behind(release, test, Layout::TwoStage, with_pages),
        };
        let pages = NUMBERS.map(|number| paged.agent(number).start_words(&["page", "web"]));
        pages.iter().for_each(|page| page.wait_for_word("1009"));
        paged.pages = pages.into();
        paged.open_gates();
        paged
    }

    fn open_gates(&self) {
        for number in NUMBERS {
            self.agent(number).run("open", "web").expect_exit(0);
        }
    }

    fn agent(&self, number: usize) -> Agent<'_> {
        self.fleet.agent(number, paged)
    }

    /// On all hosts at once.
    fn turn(&self, what: &str) -> Vec<Ended> {
        let words = ["maintenance", what, "web", "--json"];
        let agents = NUMBERS.map(|number| self.agent(number));
        let running = agents.map(|agent| agent.start_words(&words));
        let ended = running.map(|agent| agent.wait().expect_exit(0));
        for ended in &ended {
            assert_eq!(
                ended.report().outcome,
                format!("maintenance_{what}"),
                "{}",
                ended.out
            );
        }
        ended.into()
    }

    fn traffic(&self) -> Traffic {
        let traffic = self.fleet.traffic_to(80, "/", 300.0);
        sleep(AFTER);
        traffic
    }

    fn reload_five_times(&self) {
        for _ in 0..5 {
            self.fleet.haproxy.reload();
            sleep(AFTER);
        }
    }

    /// Another process removes the rules of IPv4.
    fn flush(&self, number: usize) {
        for chain in ["HAPROXY-GATE", "HAPROXY-GATE-PARK"] {
            let words = ["-t", "nat", "-F", chain];
            self.fleet.host(number).namespace.run("iptables", &words);
        }
    }

    fn assert_gates(&self, app: bool, page: bool) {
        for number in NUMBERS {
            let host = self.fleet.host(number);
            assert_eq!(host.gates_are_open(), [app; 2], "{}", host.rules());
            assert_eq!(host.gate_is_open(2009), page, "{}", host.rules());
            let parked = host.parked(1000);
            assert_eq!(parked.is_some(), page, "{}", host.rules());
        }
    }
}

pub(super) fn paged(settings: Settings) -> Settings {
    let file = lab::project().join("haproxy/maintenance.html");
    settings
        .set("app.web.page.port", 1009)
        .set("app.web.page.status_port", 2009)
        .set("app.web.page.file", file.display().to_string())
}

fn on_and_off(release: Release, test: &str, rounds: usize) {
    let paged = Paged::open(release, test);
    let (mut requests, mut asked) = (0.0, 0.0);
    for round in 1..=rounds {
        for (what, after) in [("on", true), ("off", false)] {
            let traffic = paged.traffic();
            let ended = paged.turn(what);
            sleep(AFTER);
            paged.assert_gates(!after, after);
            if round == 1 {
                paged.reload_five_times();
            }
            let met = traffic.stop();
            print(&format!("{test}, round {round}, {what}"), &met, &ended);
            assert_eq!(met.failed, 0, "{:?}", met.failures);
            let at = ended.iter().map(|ended| ended.at).fold(0.0, f64::max);
            requests += met.requests as f64;
            asked += met.asked * met.seconds;
            assert_moved_before(&met, at);
            assert_moved_by_clicks(&met, moving(&ended, after));
            assert_only_since(&met, at, after);
        }
    }
    // Of all rounds: after a pause of the machine users catch up, unless it is the end.
    assert!(requests >= 0.9 * asked, "{requests} of {asked} requests");
}

/// The seconds from the first host's move to the last one's.
fn moving(ended: &[Ended], on: bool) -> f64 {
    let phase = if on { "leave" } else { "join" };
    let reports: Vec<Report> = ended.iter().map(Ended::report).collect();
    let began = reports.iter().map(|report| report.began(phase));
    let moved = reports.iter().map(|report| report.ended(phase));
    moved.fold(0.0, f64::max) - began.fold(f64::MAX, f64::min)
}

fn print(what: &str, met: &Summary, ended: &[Ended]) {
    let seconds: Vec<String> = ended
        .iter()
        .map(|ended| format!("{:.2}", ended.report().seconds))
        .collect();
    println!(
        "{what}: {} requests at {:.0}/s, {} failed, {} moved, slowest {:.0} ms, {} s",
        met.requests,
        met.rate,
        met.failed,
        met.moved,
        met.slowest_ms,
        seconds.join(" and ")
    );
}

/// From this moment on (Unix seconds) only pages answer, or only apps.
fn assert_only_since(met: &Summary, at: f64, page: bool) {
    for (name, served) in &met.served {
        let late = served.last_asked - at;
        match (name == PAGE) == page {
            true => assert!(late > 0.0, "{name} serves no longer"),
            false => assert!(late < 0.0, "{name} answered a request of {late:.3} s later"),
        }
    }
    assert!(met.served.contains_key(PAGE), "{:?}", met.served.keys());
}

/// While the hosts close or open one after the other, each click of a sticky user may meet another
/// host. In quiet it is none or two of them.
fn assert_moved_by_clicks(met: &Summary, moving: f64) {
    let clicks = met.kinds["sticky"].requests as f64 / met.seconds * moving;
    let (moved, most) = (met.moved as f64, clicks.max(MOVED));
    assert!(moved <= most, "{moved} moved in {moving:.2} s: {most:.0}");
}

/// Half of the sticky users.
const MOVED: f64 = 30.0;

/// Once all hosts are done, and from then on, cookies stay.
fn assert_moved_before(met: &Summary, at: f64) {
    assert_eq!(met.moved, met.moves.len(), "more moves than the record has");
    let late = met.moves.iter().find(|moved| moved.asked > at);
    assert!(late.is_none(), "{late:?}");
    let lost = met.moves.iter().find(|moved| moved.what.ends_with("-> "));
    assert!(lost.is_none(), "{lost:?}");
}

/// While users meet the page no other operation brings them back, and a restart stays behind it.
#[test]
fn other_operations_leave_it_on() {
    let paged = Paged::open(Release::Installed, "page_beside");
    let agent = paged.agent(1);
    let plan = agent.words(&["maintenance", "on", "web", "--for", "1h", "--dry-run"]);
    let plan = plan.expect_exit(0);
    let plan = format!("{}{}", plan.out, plan.err);
    println!("{plan}");
    for step in [
        "only a sidecar ends the maintenance on time",
        "opening the gates of the page",
        "closing the gates of the app",
    ] {
        assert!(plan.contains(step), "{plan}");
    }
    let on = ["maintenance", "on", "web", "--reason", "the database moves"];
    println!("{}", agent.words(&on).expect_exit(0).err);
    println!("{}", agent.words(&["maintenance", "status", "web"]).out);
    println!("{}", agent.words(&["status", "web"]).out);
    println!("{}", agent.words(&["history"]).out);
    paged.turn("on");
    for verb in ["open", "close"] {
        let refused = agent.run(verb, "web").expect_exit(11).report().message;
        assert!(refused.contains("`agent maintenance off web`"), "{refused}");
    }
    let restarted = agent.run("restart", "web").expect_exit(0).report();
    assert_eq!(
        restarted.outcome, "restarted_closed",
        "{}",
        restarted.message
    );
    // No sidecar runs here.
    paged.flush(1);
    let recovered = agent.run("recover", "web").expect_exit(0);
    let set = "maintenance is on, and the rules were others";
    assert!(recovered.out.contains(set), "{}", recovered.out);
    paged.assert_gates(false, true);
    paged.turn("on");
    paged.assert_gates(false, true);
    ends::of_a_sick_app(&paged);
    paged.turn("off");
    paged.assert_gates(true, false);
    let off = ["maintenance", "off", "web", "--json"];
    let again = agent.words(&off).expect_exit(0).report();
    assert_eq!(again.outcome, "nothing_to_do", "{}", again.message);
}

/// Nothing changes where users would meet an error.
#[test]
fn it_refuses_without_a_page_that_answers() {
    let mut paged = Paged::open(Release::Installed, "page_missing");
    let on = ["maintenance", "on", "web", "--json"];
    let page = paged.pages.remove(0);
    page.interrupt(Signal::SIGTERM);
    page.wait();
    let hurried = paged.fleet.agent(1, |settings| {
        self::paged(settings).set("app.web.timeouts.healthy", "500ms")
    });
    let ended = hurried.words(&on).expect_exit(18).report();
    assert_eq!(ended.outcome, "not_placed", "{}", ended.message);
    paged.assert_gates(true, false);
    let nowhere = paged.fleet.agent(2, |settings| {
        self::paged(settings).set("app.web.page.port", 1008)
    });
    let refused = nowhere.words(&on).expect_exit(11).report().message;
    assert!(refused.contains("1008"), "{refused}");
    paged.assert_gates(true, false);
    ends::after_a_failed_upgrade(&paged, 2);
    ends::without_a_line(&paged, 3);
}

/// The sidecar sets again what another process has removed, and ends the maintenance in time. If it does
/// not run at the end, the next one ends it. A sick app keeps its page beyond that time.
#[test]
fn the_sidecar_keeps_it_and_ends_it_in_time() {
    let paged = Paged::open(Release::Installed, "page_sidecar");
    let (host, app) = (paged.fleet.host(1), paged.fleet.app(1));
    let sidecar = Sidecar::start(host, paged.agent(1));
    let on = ["maintenance", "on", "web", "--for", "4s", "--json"];
    paged.agent(1).words(&on).expect_exit(0);
    // From now on no clock ends it.
    app.set_sick(true);
    let over = Instant::now() + Duration::from_secs(5);
    let shows = |page: bool| {
        let is = host.gate_is_open(2009) == page
            && host.gates_are_open() == [!page; 2]
            && host.parked(1000).is_some() == page;
        is.then_some(())
    };
    let flush = || paged.flush(1);
    assert_eq!(shows(true), Some(()), "{}", host.rules());
    flush();
    wait_for("the page again", Duration::from_secs(10), || shows(true));
    sidecar.stop();
    sleep(over.saturating_duration_since(Instant::now()));
    flush();
    let mut sidecar = Sidecar::start(host, paged.agent(1));
    wait_for("the page still", Duration::from_secs(10), || shows(true));
    sidecar.wait_for_notification("the time of the maintenance is over, but ");
    app.set_sick(false);
    wait_for("the app again", Duration::from_secs(15), || shows(false));
    wait_for("the end of the operation", Duration::from_secs(10), || {
        host.journal_phase().is_none().then_some(())
    });
    let status = ["maintenance", "status", "web", "--json"];
    let status = paged.agent(1).words(&status).expect_exit(0).json();
    assert_eq!(status["apps"][0]["page"]["maintenance"], false, "{status}");
    paged.fleet.haproxy.wait_until("the page is out", |lines| {
        let mut lines = lines.iter();
        lines.any(|line| line.get("svname") == "page1" && line.get("status") == "DOWN")
    });
}

/// The ports of all targets are parked on the page, and the current one comes back.
#[test]
fn an_app_with_targets_comes_back_on_its_current_one() {
    let first = "    server web1-blue ";
    let page = "    server page1 10.77.0.11:1009 port 2009 backup\n";
    let with_page = |reference: Reference| reference.with(first, &format!("{page}{first}"));
    let (lines, release) = (Lines::with_twins(), Release::Installed);
    let farm = Farm::with(release, "page_targets", 1, lines, with_page);
    farm.open_gates();
    let agent = farm.agent(1, paged);
    let page = agent.start_words(&["page", "web"]);
    page.wait_for_word("1009");
    agent.run("switch", "web").expect_exit(0);
    let turn = |what| {
        let words = ["maintenance", what, "web", "--json"];
        agent.words(&words).expect_exit(0);
    };
    let parked = || [1000, 1001].map(|port| farm.host(1).parked(port));
    turn("on");
    assert_eq!(parked(), [Some(1009); 2], "{}", farm.host(1).rules());
    for gate in [2000, 2001, 3000, 3001] {
        assert!(!farm.host(1).gate_is_open(gate), "{gate}");
    }
    let refused = agent.run("switch", "web").expect_exit(11).report().message;
    assert!(refused.contains("`agent maintenance off web`"), "{refused}");
    agent.run("restart", "web").expect_exit(0);
    turn("off");
    assert_eq!(parked(), [Some(1001), None], "{}", farm.host(1).rules());
    farm.assert_current(1, GREEN);
}

/// A second `on` that fails leaves users on the page, however it ends. So does a hold that can't be
/// read.
#[test]
fn a_page_that_dies_brings_no_user_to_the_app() {
    let mut paged = Paged::open(Release::Installed, "page_dies");
    let on = ["maintenance", "on", "web", "--json"];
    paged.agent(1).words(&on).expect_exit(0);
    let agent = paged.fleet.agent(1, |settings| {
        self::paged(settings).set("app.web.timeouts.healthy", "500ms")
    });
    let host = paged.fleet.host(1);
    let stays = |what: &str| {
        let parked = host.parked(1000);
        let is = host.gate_is_open(2009) && host.gates_are_open() == [false; 2];
        assert!(is && parked.is_some(), "{what}: {}", host.rules());
    };
    for sync in [2, 4, 6, 8] {
        agent.start_words_killed_at(&on[..2], sync).wait();
        agent.run("recover", "web");
        stays(&format!("killed at record {sync}"));
    }
    let page = paged.pages.remove(0);
    page.interrupt(Signal::SIGTERM);
    page.wait();
    let refused = agent.words(&on).expect_exit(18).report().message;
    assert!(
        refused.ends_with("users are where they were before"),
        "{refused}"
    );
    stays("a silent page");
    let hold = host.dir.join("state/web.closed");
    std::fs::write(&hold, "{").unwrap();
    let off = ["maintenance", "off", "web", "--json"];
    let refused = agent.words(&off).expect_exit(11).report().message;
    assert!(refused.contains("web.closed can't be read"), "{refused}");
    agent.run("recover", "web");
    stays("a torn hold");
}
