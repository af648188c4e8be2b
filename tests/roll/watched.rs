//! `agent status`, and `--watch`: one look, and the next.

use lab::agent::Agent;
use lab::fleet::Fleet;
use lab::settings::Settings;
use lab::stats_proxy::{Fault, StatsProxy};
use lab::terminal::Terminal;
use lab::wait_for;
use nix::sys::signal::Signal;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

/// Gates, lines, balancers and the operation, in 80 columns, while it runs. Ctrl-C ends the view
/// and shows the cursor again.
#[test]
fn a_watch_draws_in_place() {
    let fleet = Fleet::quick("watched", |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    let watch = Terminal::start(&mut agent.command(&["status", "--watch=1s"]));
    watch.wait_for("a host in rotation", |line| {
        line.starts_with("web  in rotation, 2 more hosts")
    });
    let request = fleet.held_request(1);
    let restart = agent.start("restart", "web");
    // A look at HAProxy is older than the phase beside it, and may fall between two parts of a view.
    let screen = watch.wait_for_screen("the drain", |screen| {
        let says = |what: &str| screen.lines().any(|line| line.contains(what));
        let row = screen.lines().find(|line| line.contains("srvs/web1"));
        let columns = row.into_iter().flat_map(str::split_whitespace);
        says("restart: drain for")
            && says("under way  `agent restart web`, pid ")
            && says("2000 -> 1000 closed, 3000 -> 1000 closed")
            && columns.take(4).eq(["srvs/web1", "main", "DOWN", "1"])
    });
    println!("{screen}");
    assert_eq!(request.answer().status, 200);
    restart.wait().expect_exit(0);
    let title = screen.lines().next().expect("a title");
    assert!(title.ends_with("every 1s, Ctrl-C ends"), "{screen}");
    watch.signal(Signal::SIGINT);
    let (exit, last, bytes) = watch.end();
    assert_eq!(exit, 0, "{last}");
    assert!(bytes.trim_end().ends_with("\x1b[?25h"), "{bytes:?}");
}

/// For a file or another program: the view draws nothing in place.
#[test]
fn a_watch_by_a_program_prints_json_lines() {
    let fleet = Fleet::quick("watched_json", |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    let watch = agent.start_words(&["status", "--json", "--watch"]);
    watch.wait_for_lines(2);
    watch.interrupt(Signal::SIGTERM);
    let ended = watch.wait().expect_exit(0);
    let objects = ended
        .out
        .lines()
        .map(serde_json::from_str::<serde_json::Value>);
    let objects: Vec<_> = objects.collect::<Result<_, _>>().expect("JSON lines");
    assert!(objects.len() >= 2, "{}", ended.out);
    let all_in = |all: &serde_json::Value| all["apps"][0]["in_rotation"] == true;
    assert!(objects.iter().all(all_in), "{}", ended.out);
}

/// Another app on the host, whose balancer takes each question and never answers: each look waits
/// for its limit, or until the balancer is gone.
fn beside_a_silent_one(settings: Settings, silent: &str) -> Settings {
    settings
        .set("app.alone.port", 1100)
        .set("app.alone.status_port", 2100)
        .set("app.alone.restart.command", vec!["/bin/true"])
        .haproxy_of("alone", silent, "20s")
}

/// The agent of such a host, and the guard that keeps its balancer silent.
fn slow_to_look<'a>(fleet: &'a Fleet) -> (Agent<'a>, UnixListener) {
    let socket = fleet.site.dir.join("silent.sock");
    let silent = UnixListener::bind(&socket).expect("a socket");
    let name = socket.display().to_string();
    let agent = fleet.agent(1, |settings| beside_a_silent_one(settings, &name));
    (agent, silent)
}

/// An operation that begins during a look is no trouble.
#[test]
fn a_restart_that_begins_during_a_look_is_no_trouble() {
    let fleet = Fleet::quick("meanwhile", |reference| reference);
    let (agent, silent) = slow_to_look(&fleet);
    let request = fleet.held_request(1);
    let status = agent.start_words(&["status", "--json"]);
    let asked = silent.accept().expect("a question");
    let restart = agent.start("restart", "web");
    fleet.host(1).wait_for_phase("drain");
    drop((asked, silent));
    let seen = status.wait().expect_exit(1).json();
    let web = &seen["apps"][1];
    assert_eq!(
        (&web["app"], &web["trouble"]),
        (&"web".into(), &serde_json::json!([]))
    );
    assert_eq!(web["gates"][0]["position"], "closed", "{web}");
    assert_eq!(web["phase"]["phase"], "drain", "{web}");
    assert_eq!(web["phase"]["settled"], true, "{web}");
    assert_eq!(request.answer().status, 200);
    restart.wait().expect_exit(0);
}

/// The agent asks for all servers once. It does not ask for a slow backend at each look.
#[test]
fn a_look_after_the_first_costs_haproxy_little() {
    let fleet = Fleet::quick("cheap", |reference| reference);
    let proxy = StatsProxy::start(&fleet.site.dir, &fleet.haproxy.socket);
    let socket = proxy.socket.display().to_string();
    let agent = Agent::new(fleet.host(1), &fleet.settings(1).haproxy(&socket));
    let questions = ["show servers state", " 4 -1", "show stat"];
    let asked = || questions.map(|question| proxy.asked(question));
    // Until HAProxy was asked so often for backends, and in all.
    let watched = |fault, (backends, polls): (usize, usize)| {
        proxy.set(fault);
        let before = asked();
        let since = || {
            let now = asked();
            [0, 1, 2].map(|at| now[at] - before[at])
        };
        let watch = agent.start_words(&["status", "--json", "--watch"]);
        wait_for("so many looks", Duration::from_secs(60), || {
            let [_, whole_backends, all] = since();
            (whole_backends >= backends && all >= polls).then_some(())
        });
        watch.interrupt(Signal::SIGINT);
        let ended = watch.wait().expect_exit(0);
        assert!(
            !ended.out.contains("\"in_rotation\":false"),
            "{}",
            ended.out
        );
        (since(), ended.out.lines().count())
    };
    let ([whole, _, polls], looks) = watched(Fault::None, (3, 6));
    assert_eq!(whole, 1);
    // On a busy machine HAProxy may miss some answers, and answer others late.
    assert!(polls + 2 >= looks, "{polls} polls in {looks} looks");
    let ([whole, backends, _], _) = watched(Fault::Slow(Duration::from_millis(100)), (1, 5));
    assert_eq!((whole, backends), (1, 1));
}

/// Ctrl-C ends it at once, although a balancer has not answered yet.
#[test]
fn ctrl_c_ends_a_watch_in_the_middle_of_a_look() {
    let fleet = Fleet::quick("midst", |reference| reference);
    let (agent, silent) = slow_to_look(&fleet);
    let watch = agent.start_words(&["status", "--watch"]);
    let _asked = silent.accept().expect("a question");
    let ended = Instant::now();
    watch.interrupt(Signal::SIGINT);
    watch.wait().expect_exit(0);
    let took = ended.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
}
